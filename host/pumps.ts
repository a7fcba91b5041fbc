import { setTimeout as sleep } from 'node:timers/promises';

import type { Logger } from 'pino';

import type { Config } from '../config/config';
import { LABELS } from '../contract/names';
import type { Engine } from '../docker/engine';
import type { LogStore, Seal } from '../store/log-store';
import { createInTurn } from './in-turn';
import { ownContainers, readIdentity } from './own-containers';
import { pumpLog, type PumpTarget } from './log-pump';

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
  /** The pump of a container, started if there is none. */
  adopt(target: PumpTarget): Pump;
  /** Forgets the pump of a container that was removed. */
  release(containerId: string): void;
  /** Stops all pumps and closes their writers. Containers go on, and their engine keeps what they print. */
  stop(): Promise<void>;
}

export interface PumpsDeps {
  engine: Engine;
  logs: LogStore;
  config: Pick<Config, 'host' | 'worker'>;
  log: Logger;
}

export function createPumps({ engine, logs, config, log }: PumpsDeps): Pumps {
  const { echoTraining: echo } = config.worker;
  const { containerLogSizeBytes } = config.host;
  const pumps = new Map<string, Pump>();
  const perRun = createInTurn();
  const stopping = new AbortController();
  let starting = Promise.resolve();

  const adopt = (target: PumpTarget): Pump => {
    const known = pumps.get(target.containerId);
    if (known !== undefined) return known;
    let lines = 0;
    const onLines = (stored: number): void => {
      lines += stored;
    };
    const sealed = perRun.run(target.runId, () =>
      pumpLog({ engine, logs, log, echo, containerLogSizeBytes }, target, onLines, stopping.signal),
    );
    const pump = { sealed, lines: () => lines };
    pumps.set(target.containerId, pump);
    return pump;
  };

  const start = async (): Promise<void> => {
    const first = takeUp(engine, config.host, adopt);
    starting = first.catch((error: unknown) => {
      log.warn({ err: error }, 'The containers of this host cannot be listed; trying again');
      return takeUpLater(engine, config.host, adopt, stopping.signal);
    });
    await first.catch(() => undefined);
  };

  const stop = async (): Promise<void> => {
    stopping.abort(new PumpStoppedError('the worker of the host is stopping'));
    await starting;
    await perRun.idle();
  };

  return { start, adopt, release: (containerId) => void pumps.delete(containerId), stop };
}

type Adopt = Pumps['adopt'];

/** Takes up the containers that were started, attempt by attempt. */
async function takeUp(engine: Engine, host: Config['host'], adopt: Adopt): Promise<void> {
  const containers = await ownContainers(engine, host, { [LABELS.host]: host.name });
  const targets = containers
    .filter(({ state }) => state !== 'created')
    .map(({ id, labels }) => ({ ...readIdentity(labels), containerId: id }));
  for (const target of targets.toSorted((one, other) => one.attempt - other.attempt)) adopt(target);
}

async function takeUpLater(engine: Engine, host: Config['host'], adopt: Adopt, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await sleep(RETRY_MS, undefined, { signal });
      await takeUp(engine, host, adopt);
      return;
    } catch {
      // Said once already; the reports of the host tell that its engine is away.
    }
  }
}
