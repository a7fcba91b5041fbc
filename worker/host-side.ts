import type { Engine } from '../docker/engine';
import { createContainerWatches, type ContainerWatches } from '../host/container-watch';
import { lastCheckpointAt } from '../host/checkpoints';
import { createEngineClock } from '../host/engine-clock';
import { createEngineViews } from '../host/engine-views';
import { watchEngine, type EngineHealth } from '../host/engine-health';
import { createPumps, type Pumps } from '../host/pumps';
import { startReconciler } from '../host/reconciler';
import { createSilenceWatches, type SilenceWatchDeps, type SilenceWatches } from '../host/silence-watch';
import type { HostSideDeps } from './host-side-deps';
import { startHostReporting, type HostReporting } from './host-reporting';
import type { TemporalLink } from './temporal-link';

/** What lives beside an engine whether or not Temporal is there: pumps, the engine's health, the host's reports. */
export interface HostSide extends Pick<HostReporting, 'disks' | 'gpus' | 'images'> {
  engine: Engine;
  pumps: Pumps;
  health: EngineHealth;
  watches: ContainerWatches;
  silences: SilenceWatches;
  /** Temporal is there: what it does not want any more goes, before this host takes any task. */
  meet(temporal: TemporalLink): Promise<void>;
  /** Containers go on; whoever takes the role next finds them by their labels. A second call changes nothing. */
  stop(): Promise<void>;
}

/** Starts it. The logs of what ran on while no worker was there wait for nobody. */
export async function startHostSide(deps: HostSideDeps): Promise<HostSide> {
  let link: Pick<TemporalLink, 'sendNotice' | 'sendSilence'> = NOT_THERE_YET;
  const health = watchEngine(deps.engine);
  const engineViews = createEngineViews({ ...deps, health, host: deps.config.host });
  const watches = createContainerWatches({
    ...deps,
    engineViews,
    isPausedByUs: (containerId) => pumps.brakeOf(containerId) === 'pause',
    sendNotice: (...notice) => link.sendNotice(...notice),
  });
  const silences = createSilences(deps, {
    engineViews,
    isHeldBack: (containerId) => pumps.brakeOf(containerId) !== null,
    sendSilence: (...report) => link.sendSilence(...report),
  });
  const pumps = createPumps({ ...deps, onNotice: ({ containerId }, news) => watches.takeFromPump(containerId, news) });
  await pumps.start();
  const reporting = startHostReporting(deps, health);
  const stops = [() => pumps.stop(), () => reporting.stop(), () => engineViews.stop(), () => health.stop()];

  return {
    ...reporting,
    ...{ engine: deps.engine, pumps, health, watches, silences },
    meet: async (temporal) => {
      link = temporal;
      const { onChange } = reporting;
      const reconciler = startReconciler({ ...deps, pumps, standingOf: temporal.standingOf, onChange });
      reporting.meet(temporal, reconciler);
      stops.push(() => reconciler.stop());
      await reconciler.first;
    },
    stop: async () => {
      // The last one first, all of them told at once: a reconciler in the middle of a removal waits for a pump.
      await Promise.all(stops.splice(0).map((stop) => stop()));
    },
  };
}

function createSilences(
  { engine, log, config }: HostSideDeps,
  more: Pick<SilenceWatchDeps, 'engineViews' | 'isHeldBack' | 'sendSilence'>,
): SilenceWatches {
  return createSilenceWatches({
    ...more,
    engine,
    log,
    clock: createEngineClock(engine),
    lastCheckpointAt: (runId) => lastCheckpointAt(config.data, runId),
  });
}

const notThereYet = (): Promise<never> => Promise.reject(new Error('Temporal is not there yet'));
const NOT_THERE_YET = { sendNotice: notThereYet, sendSilence: notThereYet };
