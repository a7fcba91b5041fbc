import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { lastLine, liveLog } from './helpers/live-log';
import { circumstances, median, report, rounded } from './helpers/report';
import { submit } from './helpers/runs';
import { startServer, type BenchServer } from './helpers/server';

/**
 * SIGKILL of the worker while a container prints a line every 10 ms: from the kill to the first line in the log that was
 * printed after the worker's successor began, less what the successor takes until it is ready for tasks.
 */
const GOAL_MS = 1000;
const POLL_MS = 5;
const COMMAND = ['python3', '-u', '-c', 'import time\nwhile True: print(time.time()); time.sleep(0.01)'];

interface Sample {
  /** From the kill to a worker that is ready. */
  readyMs: number;
  /** From the kill to the first new line in the log. */
  firstLineMs: number;
}

/** @param args the number of kills; default 9. */
export async function main([count = '9']: string[]): Promise<void> {
  const before = circumstances();
  const server = await startServer();
  try {
    const runId = await submit(server.url, 'restart', { command: COMMAND });
    const path = liveLog(server.data, runId);
    while (lastLine(path) === undefined) await sleep(POLL_MS);
    const samples: Sample[] = [];
    for (let kill = 0; kill < Number(count); kill += 1) samples.push(await killOnce(server, path));
    await cancelled(server.url, runId);
    const afterStartMs = median(samples.map(({ readyMs, firstLineMs }) => firstLineMs - readyMs));
    report('log-restart', {
      goal: `first line at most ${GOAL_MS} ms after the worker is ready`,
      reached: afterStartMs <= GOAL_MS,
      medianMs: {
        afterStart: rounded(afterStartMs, 0),
        ready: rounded(median(samples.map(({ readyMs }) => readyMs)), 0),
        firstLine: rounded(median(samples.map(({ firstLineMs }) => firstLineMs)), 0),
      },
      samplesMs: samples.map(({ readyMs, firstLineMs }) => [rounded(readyMs, 0), rounded(firstLineMs, 0)]),
      circumstances: { before, after: circumstances() },
    });
  } finally {
    await server.stop();
  }
}

/** Cancels a run and waits until it has ended, and with it its container. */
async function cancelled(url: string, runId: string): Promise<void> {
  await fetch(`${url}/v1/runs/${runId}/cancel`, { method: 'POST' });
  for (let state = ''; state !== 'cancelled'; await sleep(100)) {
    ({ state } = (await (await fetch(`${url}/v1/runs/${runId}`)).json()) as { state: string });
  }
}

async function killOnce(server: BenchServer, path: string): Promise<Sample> {
  const readyBefore = readyTimes(server).length;
  const killedAt = Date.now();
  process.kill(server.workerPid()!, 'SIGKILL');
  // What the killed worker still wrote must not count.
  await sleep(POLL_MS);
  const stale = lastLine(path);
  while (lastLine(path) === stale) await sleep(POLL_MS);
  const firstLineMs = Date.now() - killedAt;
  while (readyTimes(server).length === readyBefore) await sleep(POLL_MS);
  return { readyMs: readyTimes(server).at(-1)! - killedAt, firstLineMs };
}

/** When workers were ready, as their log tells. */
function readyTimes({ data }: BenchServer): number[] {
  const lines = readFileSync(join(data, 'server', 'worker.log'), 'utf8').split('\n');
  return lines
    .filter((line) => line.includes('The worker is ready'))
    .map((line) => (JSON.parse(line) as { time: number }).time);
}
