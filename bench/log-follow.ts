import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { openLogStore } from '../store/file-log-store';
import { liveLog, whenLogEnds } from './helpers/live-log';
import { residentMiB } from './helpers/processes';
import { circumstances, median, report, rounded } from './helpers/report';
import { DOCKER_OPTIONS, IMAGE, submit } from './helpers/runs';
import { startServer, type BenchServer } from './helpers/server';

/**
 * A container that prints 500,000 lines as fast as it can, until all of them are stored and sealed, against
 * `docker logs --follow --timestamps` into a file; both from the start of the container on, as the engine tells it. Neither may
 * miss or double a line.
 */
const GOAL = 0.8;
const MEMORY_GOAL_MIB = 250;
const LINES = 500_000;
const COMMAND = [
  'python3',
  '-c',
  `import sys\nfor i in range(${LINES}): sys.stdout.write("%07d step loss=0.123456 accuracy=0.98765 lr=0.0010\\n" % i)`,
];
const SAMPLE_MS = 100;

interface Sample {
  seconds: number;
  memoryMiB: number;
}

/** @param args the number of pairs; default 5. */
export async function main([count = '5']: string[]): Promise<void> {
  const before = circumstances();
  const server = await startServer();
  try {
    const ours: Sample[] = [];
    const theirs: number[] = [];
    for (let pair = 1; pair <= Number(count); pair += 1) {
      ours.push(await trainyard(server, `log-${pair}`));
      theirs.push(await dockerLogs());
    }
    const seconds = median(ours.map((sample) => sample.seconds));
    const ratio = median(theirs) / seconds;
    const memoryMiB = Math.max(...ours.map((sample) => sample.memoryMiB));
    report('log-follow', {
      goal: `ratio >= ${GOAL}, memory <= ${MEMORY_GOAL_MIB} MiB`,
      reached: ratio >= GOAL && memoryMiB <= MEMORY_GOAL_MIB,
      ratio: rounded(ratio, 2),
      workerMemoryMiB: { most: rounded(memoryMiB, 0), idle: rounded(residentMiB(server.workerPid()!), 0) },
      linesPerSecond: { trainyard: rounded(LINES / seconds, 0), dockerLogs: rounded(LINES / median(theirs), 0) },
      samplesSeconds: {
        trainyard: ours.map((sample) => rounded(sample.seconds, 2)),
        dockerLogs: theirs.map((one) => rounded(one, 2)),
      },
      circumstances: { before, after: circumstances() },
    });
  } finally {
    await server.stop();
  }
}

async function trainyard(server: BenchServer, name: string): Promise<Sample> {
  const runId = await submit(server.url, name, { command: COMMAND });
  let memoryMiB = 0;
  const sampling = setInterval(() => {
    memoryMiB = Math.max(memoryMiB, residentMiB(server.workerPid() ?? 0));
  }, SAMPLE_MS);
  const sealedAt = await whenLogEnds(liveLog(server.data, runId), (line) => line.includes(' system sealed: '));
  clearInterval(sampling);
  await expectAll(storedNumbers(server.data, runId));
  return { seconds: (sealedAt - (await startOf(server.url, runId))) / 1000, memoryMiB };
}

/** The start of a run's container, as the engine told it; the container itself is gone by now. */
async function startOf(url: string, runId: string): Promise<number> {
  const response = await fetch(`${url}/v1/runs/${runId}`);
  return Date.parse(((await response.json()) as { startedAt: string }).startedAt);
}

async function* storedNumbers(data: string, runId: string): AsyncGenerator<number> {
  for await (const lines of openLogStore(data, { segmentBytes: 1e9 }).read(runId, {})) {
    for (const { text } of lines) yield Number.parseInt(text, 10);
  }
}

async function dockerLogs(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'trainyard-bench-logs-'));
  const options = DOCKER_OPTIONS.filter((option) => option !== '--rm');
  const id = docker(
    'run',
    '--detach',
    ...options,
    '--log-opt',
    'max-size=52428800',
    '--log-opt',
    'max-file=3',
    IMAGE,
    ...COMMAND,
  );
  try {
    const file = join(folder, 'log');
    const child = spawn('docker', ['logs', '--follow', '--timestamps', id], {
      stdio: ['ignore', openSync(file, 'w'), 'inherit'],
    });
    await once(child, 'exit');
    const endedAt = Date.now();
    await expectAll(fileNumbers(file));
    return (endedAt - Date.parse(docker('inspect', '--format', '{{.State.StartedAt}}', id))) / 1000;
  } finally {
    docker('rm', '--force', id);
    rmSync(folder, { recursive: true });
  }
}

async function* fileNumbers(path: string): AsyncGenerator<number> {
  for await (const line of createInterface({ input: createReadStream(path) })) {
    yield Number.parseInt(line.slice(line.indexOf(' ') + 1), 10);
  }
}

async function expectAll(numbers: AsyncIterable<number>): Promise<void> {
  let next = 0;
  for await (const number of numbers) {
    if (number !== next) throw new Error(`line ${next} was expected, and line ${number} came`);
    next += 1;
  }
  if (next !== LINES) throw new Error(`${next} lines of ${LINES} are there`);
}

function docker(...args: string[]): string {
  return execFileSync('docker', args, { encoding: 'utf8' }).trim();
}
