import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

import { until } from '../helpers/until';

const ROOT = join(__dirname, '../..');

/** A worker in a process of its own, from source, with a channel to this one as its supervisor. */
export interface WorkerProcess {
  child: ChildProcess;
  /** What it printed so far: its log and its last words. */
  output(): string;
  /** The objects of its log. */
  logged(): Record<string, unknown>[];
  /** Resolves when it says that it takes tasks. */
  ready(): Promise<void>;
  /** Resolves with the exit code. */
  ended: Promise<number | null>;
}

const started: ChildProcess[] = [];

export function spawnWorker(env: Record<string, string>): WorkerProcess {
  const child = fork(join(ROOT, 'worker/main.ts'), [], {
    execArgv: ['-r', join(ROOT, 'test/helpers/worker-hook.cjs')],
    env: { PATH: process.env['PATH'], ...env },
    silent: true,
  });
  started.push(child);
  let text = '';
  let isReady = false;
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.on('message', (message) => (isReady ||= message === 'ready'));
  // `close` never comes after `disconnect`: the channel counts as one of the streams that it waits for.
  const ended = Promise.all([exitOf(child), once(child.stdout!, 'close'), once(child.stderr!, 'close')]).then(
    ([code]) => code,
  );
  const ready = async (): Promise<void> => {
    await until(
      () => {
        if (child.exitCode !== null) return true;
        return isReady;
      },
      { timeoutMs: 90_000 },
    );
    if (!isReady) throw new Error(`the worker ended: ${text}`);
  };
  const logged = (): Record<string, unknown>[] =>
    text
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { child, output: () => text, logged, ready, ended };
}

function exitOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once('exit', (code) => resolve(code)));
}

/** For `afterEach`: nothing that a test started stays. */
export async function killWorkers(): Promise<void> {
  for (const child of started.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }
}
