import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { childPid } from './processes';

export interface BenchServer {
  url: string;
  data: string;
  /** Process id of the worker as it is now; undefined while there is none. */
  workerPid(): number | undefined;
  /** Stops it and removes its data. */
  stop(): Promise<void>;
}

const PROGRAM = join(__dirname, '../../dist/cli/main.js');

let count = 0;

/**
 * A whole server of its own, with its own data folder and free ports, so that none that runs already is disturbed.
 *
 * @param more variables of its environment, which are its settings.
 */
export async function startServer(more: NodeJS.ProcessEnv = {}): Promise<BenchServer> {
  const data = await mkdtemp(join(tmpdir(), 'trainyard-bench-'));
  const ports = ['--port', '0', '--temporal-port', '0', '--ui-port', '0'];
  count += 1;
  const env = { ...process.env, TRAINYARD_INSTALLATION: `bench-${process.pid}-${count}`, ...more };
  const child = spawn(process.execPath, [PROGRAM, 'up', '--data', data, ...ports], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await ended;
    await rm(data, { recursive: true, force: true });
  };
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /is ready: (http\S+)/.exec(line)?.[1];
    if (url !== undefined) {
      child.stdout.resume();
      return { url, data, workerPid: () => childPid(child.pid!, 'worker/main'), stop };
    }
  }
  await stop();
  throw new Error('the server ended before it was ready');
}
