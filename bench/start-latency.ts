import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { LABELS } from '../contract/names';
import { circumstances, median, report, rounded } from './helpers/report';
import { allSucceeded, COMMAND, DOCKER_OPTIONS, IMAGE, submit } from './helpers/runs';
import { startServer } from './helpers/server';
import { type Starts, watchStarts } from './helpers/starts';

/**
 * From the submission of a run over HTTP to the start of its container, against `docker run` of the same image with the
 * same limits. Both in turn, so that both meet the same machine; both by the start event of the engine.
 */
const GOAL = 1.3;
const WARM_UP = 2;
const BENCH_LABEL = 'trainyard.bench';

/** @param args the number of pairs; default 21. */
export async function main([count = '21']: string[]): Promise<void> {
  const pairs = Number(count);
  const before = circumstances();
  const starts = watchStarts();
  const server = await startServer();
  try {
    const trainyardMs: number[] = [];
    const dockerMs: number[] = [];
    for (let index = -WARM_UP; index < pairs; index += 1) {
      const ours = await startOfRun(server.url, starts, `start-${index + WARM_UP}`);
      const theirs = await startOfDockerRun(starts, `${process.pid}-${index}`);
      if (index < 0) continue;
      trainyardMs.push(ours);
      dockerMs.push(theirs);
    }
    const ratio = median(trainyardMs) / median(dockerMs);
    report('start-latency', {
      goal: `ratio <= ${GOAL}`,
      reached: ratio <= GOAL,
      ratio: rounded(ratio, 2),
      medianMs: { trainyard: rounded(median(trainyardMs)), dockerRun: rounded(median(dockerMs)) },
      samplesMs: { trainyard: trainyardMs.map((one) => rounded(one)), dockerRun: dockerMs.map((one) => rounded(one)) },
      circumstances: { before, after: circumstances() },
    });
  } finally {
    starts.stop();
    await server.stop();
  }
}

async function startOfRun(url: string, starts: Starts, name: string): Promise<number> {
  const submittedAt = now();
  const id = await submit(url, name);
  const startedAt = await starts.of(LABELS.run, id);
  await allSucceeded(url, name, 1);
  return startedAt - submittedAt;
}

async function startOfDockerRun(starts: Starts, value: string): Promise<number> {
  const submittedAt = now();
  const args = ['run', ...DOCKER_OPTIONS, '--label', `${BENCH_LABEL}=${value}`, IMAGE, ...COMMAND];
  const child = spawn('docker', args, { stdio: 'inherit' });
  const [exitCode] = (await once(child, 'exit')) as [number | null];
  if (exitCode !== 0) throw new Error(`docker run ended with exit code ${exitCode}`);
  return (await starts.of(BENCH_LABEL, value)) - submittedAt;
}

/** Milliseconds since 1970 with fractions, to be compared with the engine's nanoseconds. */
function now(): number {
  return performance.timeOrigin + performance.now();
}
