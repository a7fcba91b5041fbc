import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Logger } from 'pino';

import type { Config } from '../config/config';
import { LABELS } from '../contract/names';
import { timeLimit } from '../contract/time-limit';
import type { Engine } from '../docker/engine';
import type { LateLogStore } from '../store/late-log-store';
import type { LogStore, Seal } from '../store/log-store';
import { createBrakes, type BrakeLevel } from './brakes';
import { createEngineClock } from './engine-clock';
import { engineLogSize } from './flood-guard';
import { createInTurn, type InTurn } from '../contract/in-turn';
import { createLateLogs, type LateLogs } from './late-logs';
import { formLabel, LIST_PATIENCE_MS, ownContainers, readIdentity } from './own-containers';
import { pumpLog } from './log-pump';
import type { PumpDeps, PumpTarget } from './pump-deps';

const RETRY_MS = 1000;

/** Thrown to those who wait for a pump that was stopped; the container and its log are untouched. */
export class PumpStoppedError extends Error {
  override readonly name = 'PumpStoppedError';
}

export interface Pump {
  /** Resolves when the container has ended and its log is stored and sealed. */
  sealed: Promise<Seal>;
  /** Lines that this process has stored so far. */
  lines(): number;
}

/** The log pumps of one host: one per container, and one writer per run at a time. */
export interface Pumps {
  /**
   * Takes up the pumps of all containers of this host that have been started. For the start of a worker, before any task.
   * While the engine does not answer it returns and goes on trying: a worker that waited for it could not even say so.
   */
  start(): Promise<void>;
  /** The pump of a container, started if there is none, or if the one that there is waits for a start that the engine has forgotten. */
  adopt(target: PumpTarget): Pump;
  /** Forgets the pump of a container that was removed. */
  release(containerId: string): void;
  /**
   * Ends the pump of a container that never ran, for its removal: of the log of its attempt that says nothing, which the next
   * container of the attempt may write. Whoever waits for the seal is told {@link PumpStoppedError}.
   */
  abandon(containerId: string): Promise<void>;
  /** Lets go of a container that is about to be ended, where its pump has slowed it down, for good. */
  letRun(containerId: string): Promise<void>;
  /** What the pump of a container does to slow it down; a pause that is not ours is somebody's by hand. */
  brakeOf(containerId: string): BrakeLevel | null;
  /** Logs of containers that have to go although their run's log is not theirs to write. */
  late: LateLogs;
  /** Stops all pumps and closes their writers. Containers go on, and their engine keeps what they print. */
  stop(): Promise<void>;
}

export interface PumpsDeps {
  engine: Engine;
  logs: LogStore;
  lateLogs: LateLogStore;
  config: Pick<Config, 'data' | 'host' | 'worker'>;
  log: Logger;
  /** Told of what a person can do something about; default: nobody. */
  onNotice?: PumpDeps['onNotice'];
}

export function createPumps(deps: PumpsDeps): Pumps {
  const pumpDeps = pumpDepsOf(deps);
  const { brakes } = pumpDeps;
  const pumps = new Map<string, OwnPump>();
  const perRun = createInTurn();
  const stopping = new AbortController();
  let starting = Promise.resolve();

  const adopt = (target: PumpTarget): Pump => {
    const known = pumps.get(target.containerId);
    if (known !== undefined && (known.isForgotten || !target.isForgotten)) return known;
    void known?.abandon();
    return keep(deps.log, pumps, target, startPump(pumpDeps, target, perRun, stopping.signal));
  };

  const start = async (): Promise<void> => {
    const first = takeUp(deps, adopt);
    starting = first.catch((error: unknown) => takeUpLater(deps, error, adopt, stopping.signal));
    await first.catch(() => undefined);
  };

  const stop = async (): Promise<void> => {
    stopping.abort(new PumpStoppedError('the worker of the host is stopping'));
    await starting;
    await perRun.idle();
  };

  const release = (containerId: string): void => {
    pumps.delete(containerId);
    brakes.forget(containerId);
  };
  const abandon = async (containerId: string): Promise<void> => {
    await pumps.get(containerId)?.abandon();
    release(containerId);
  };
  const late = createLateLogs({ ...pumpDeps, late: deps.lateLogs });
  return { start, adopt, release, abandon, letRun: brakes.letRun, brakeOf: brakes.levelOf, late, stop };
}

interface OwnPump extends Pump {
  isForgotten: boolean;
  /** Ends it before its seal; resolves when it does nothing any more. The next pump of its run waits for that. */
  abandon(): Promise<void>;
}

/** Keeps a pump for all who ask for it, unless it fails in itself: the next who asks has another try. */
function keep(log: Logger, pumps: Map<string, OwnPump>, target: PumpTarget, pump: OwnPump): OwnPump {
  const { containerId } = target;
  pumps.set(containerId, pump);
  pump.sealed.catch((error: unknown) => {
    if (error instanceof PumpStoppedError || pumps.get(containerId) !== pump) return;
    pumps.delete(containerId);
    log.error({ err: error, ...target }, 'The pump of a container has failed; it is started anew when it is asked for');
  });
  return pump;
}

function startPump(deps: PumpDeps, target: PumpTarget, perRun: InTurn, stopped: AbortSignal): OwnPump {
  const abandoning = new AbortController();
  const signal = AbortSignal.any([stopped, abandoning.signal]);
  let lines = 0;
  const onLines = (stored: number): void => void (lines += stored);
  let pumping: Promise<unknown> = Promise.resolve();
  const sealed = perRun.run(target.runId, () => {
    const seal = pumpLog(deps, target, onLines, signal);
    pumping = seal.catch(() => undefined);
    return seal;
  });
  const abandon = async (): Promise<void> => {
    abandoning.abort(new PumpStoppedError('no start of the container is waited for any more'));
    await pumping;
  };
  return { sealed, lines: () => lines, abandon, isForgotten: target.isForgotten === true };
}

/** What the pumps of a host work with. */
export function pumpDepsOf({ engine, logs, lateLogs, config, log, onNotice }: PumpsDeps): PumpDeps {
  const { containerLogSizeBytes: fileBytes, containerLogFiles: maxFiles } = config.host;
  return {
    engine,
    logs,
    late: lateLogs,
    brakes: createBrakes(engine, join(config.data, 'slowed', config.host.name)),
    clock: createEngineClock(engine),
    log,
    echo: config.worker.echoTraining,
    size: engineLogSize({ fileBytes, maxFiles }),
    ...(onNotice && { onNotice }),
  };
}

type Adopt = Pumps['adopt'];

/** Takes up the containers that were started; local processes first, which are there while the Docker Engine is away, too. */
async function takeUp(deps: Pick<PumpsDeps, 'engine' | 'config'>, adopt: Adopt): Promise<void> {
  await takeUpListed(deps, adopt, formLabel({ asProcess: true }));
  await takeUpListed(deps, adopt, {});
}

/** Attempt by attempt. */
async function takeUpListed(
  { engine, config }: Pick<PumpsDeps, 'engine' | 'config'>,
  adopt: Adopt,
  more: Record<string, string>,
): Promise<void> {
  const labels = { [LABELS.host]: config.host.name, ...more };
  const containers = await ownContainers(engine, config.host, labels, timeLimit(LIST_PATIENCE_MS));
  const targets = containers
    .filter(({ state }) => state !== 'created')
    .map(({ id, labels }) => ({ ...readIdentity(labels), containerId: id }));
  for (const target of targets.toSorted((one, other) => one.attempt - other.attempt)) adopt(target);
}

async function takeUpLater(deps: PumpsDeps, error: unknown, adopt: Adopt, signal: AbortSignal): Promise<void> {
  deps.log.warn({ err: error }, 'The containers of this host cannot be listed; trying again');
  while (!signal.aborted) {
    try {
      await sleep(RETRY_MS, undefined, { signal });
      await takeUp(deps, adopt);
      return;
    } catch {
      // Said once already; the reports of the host tell that its engine is away.
    }
  }
}
