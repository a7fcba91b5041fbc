import type { Logger } from 'pino';

import type { Config } from '../config/config';
import type { Engine } from '../docker/engine';
import { watchEngine, type EngineHealth } from '../host/engine-health';
import { startHostReporter } from '../host/host-reporter';
import { createPumps, type Pumps } from '../host/pumps';
import { startReconciler } from '../host/reconciler';
import type { LateLogStore } from '../store/late-log-store';
import type { LogStore } from '../store/log-store';
import type { RunStore } from '../store/run-store';
import type { TemporalLink } from './temporal-link';

export interface HostSideDeps {
  config: Config;
  log: Logger;
  store: RunStore;
  logs: LogStore;
  lateLogs: LateLogStore;
  engine: Engine;
}

/** What lives beside an engine whether or not Temporal is there: pumps, the engine's health, the host's reports. */
export interface HostSide {
  engine: Engine;
  pumps: Pumps;
  health: EngineHealth;
  /** Temporal is there: what it does not want any more goes, before this host takes any task. */
  meet(temporal: TemporalLink): Promise<void>;
  /** Containers go on; whoever takes the role next finds them by their labels. A second call changes nothing. */
  stop(): Promise<void>;
}

/** Starts it. The logs of what ran on while no worker was there wait for nobody. */
export async function startHostSide(deps: HostSideDeps): Promise<HostSide> {
  const { engine } = deps;
  const pumps = createPumps(deps);
  await pumps.start();
  const health = watchEngine(engine);
  const reporter = startHostReporter({ ...deps, health });
  const stops = [() => pumps.stop(), () => reporter.stop(), () => health.stop()];

  return {
    engine,
    pumps,
    health,
    meet: async ({ standingOf }) => {
      const reconciler = startReconciler({ ...deps, pumps, standingOf });
      stops.push(() => reconciler.stop());
      await reconciler.first;
    },
    stop: async () => {
      // The last one first, all of them told at once: a reconciler in the middle of a removal waits for a pump.
      await Promise.all(stops.splice(0).map((stop) => stop()));
    },
  };
}
