import { type ChildProcess, fork, spawn, type StdioOptions } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { SEARCH_ATTRIBUTES } from '../contract/names';
import { timeLimit } from '../contract/time-limit';
import { guardedCommand } from './guarded-command';
import type { PartPlan } from './part';
import { temporalAnswers } from './temporal-connection';

/** How the parts of a server are run. */
export interface PartSettings {
  /** Folder that holds the built `api/` and `worker/`. */
  programs: string;
  /** Folder of the parts' logs. */
  logs: string;
  /** Environment of the parts, the settings of this server among it. */
  env: NodeJS.ProcessEnv;
}

export interface TemporalSettings {
  binary: string;
  dbFile: string;
  host: string;
  port: number;
  uiPort: number;
  namespace: string;
}

/** Temporal's development server on a file of ours, so that runs outlast it. */
export function temporalPart(settings: PartSettings, temporal: TemporalSettings): PartPlan {
  const guarded = guardedCommand(temporal.binary, temporalArguments(temporal));
  return {
    name: 'Temporal server',
    logFile: join(settings.logs, 'temporal.log'),
    spawn: (out) =>
      spawn(guarded.command, guarded.args, { detached: true, stdio: ['pipe', out, out], env: settings.env }),
    ready: (_, signal) => temporalAnswers(`${temporal.host}:${temporal.port}`, temporal.namespace, signal),
    readyWithinMs: 90_000,
    requestStop: (child) => void child.stdin?.end(),
    graceMs: 15_000,
  };
}

function temporalArguments({ dbFile, host, port, uiPort, namespace }: TemporalSettings): string[] {
  const listen = ['--ip', host, '--port', String(port), '--ui-port', String(uiPort), '--log-level', 'warn'];
  // With its default journal every commit waits for the disk twice; WAL took 300 signals from 20.8 s to 7.8 s.
  const store = [
    '--db-filename',
    dbFile,
    '--sqlite-pragma',
    'journal_mode=WAL',
    '--sqlite-pragma',
    'synchronous=NORMAL',
  ];
  const attributes = SEARCH_ATTRIBUTES.flatMap((name) => ['--search-attribute', `${name}=Keyword`]);
  return ['server', 'start-dev', ...listen, ...store, ...attributes, '--namespace', namespace];
}

export function workerPart(settings: PartSettings): PartPlan {
  return {
    ...nodePart(settings, 'worker'),
    ready: (child, signal) => readyMessage(child, signal),
    // It lets go of its containers, which go on; activities get the time to hand over.
    graceMs: 15_000,
  };
}

/** `url` is where it listens. */
export function apiPart(settings: PartSettings, url: string): PartPlan {
  return { ...nodePart(settings, 'api'), ready: (_, signal) => answersHttp(`${url}/health`, signal), graceMs: 10_000 };
}

/**
 * The allocator of glibc keeps what was freed apart for each of eight times as many threads as there are processors; the threads
 * of Temporal's core then hold some ten per cent of a worker's memory for nothing.
 */
const FEW_ARENAS = { MALLOC_ARENA_MAX: '2' };

function nodePart({ programs, logs, env }: PartSettings, name: 'api' | 'worker'): Omit<PartPlan, 'ready' | 'graceMs'> {
  return {
    name: name === 'api' ? 'API' : name,
    logFile: join(logs, `${name}.log`),
    spawn: (out) => {
      const stdio: StdioOptions = ['ignore', out, out, 'ipc'];
      return fork(join(programs, name, 'main.js'), [], {
        detached: true,
        stdio,
        env: { ...FEW_ARENAS, ...env },
        execArgv: [],
      });
    },
    readyWithinMs: 90_000,
    requestStop: (child) => void child.kill('SIGTERM'),
  };
}

/** Resolves when the child says `ready` over its channel. */
function readyMessage(child: ChildProcess, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    child.on('message', (message) => {
      if (message === 'ready') resolve();
    });
    signal.addEventListener('abort', () => reject(new Error('it did not say that it is ready')), { once: true });
  });
}

/** Resolves on the first answer of any status: a part that is unwell says so itself. */
async function answersHttp(url: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await fetch(url, { signal: AbortSignal.any([signal, timeLimit(5_000)]) });
      return;
    } catch {
      await delay(100, undefined, { signal }).catch(() => undefined);
    }
  }
  throw new Error(`nothing answers at ${url}`);
}
