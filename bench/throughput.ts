import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { circumstances, median, report, rounded } from './helpers/report';
import { allSucceeded, COMMAND, DOCKER_OPTIONS, IMAGE, submit } from './helpers/runs';
import { startServer } from './helpers/server';

/**
 * Forty runs that do nothing, submitted at once, until all have ended, against as many `docker run`, four at a time, of the
 * same image with the same limits. Both in turn, several rounds.
 */
const GOAL = 0.9;
const RUNS = 40;
const AT_ONCE = 4;

/** @param args the number of rounds; default 3. */
export async function main([count = '3']: string[]): Promise<void> {
  const before = circumstances();
  const server = await startServer();
  try {
    await trainyard(server.url, 'warm-up', AT_ONCE);
    const trainyardSeconds: number[] = [];
    const dockerSeconds: number[] = [];
    for (let round = 1; round <= Number(count); round += 1) {
      trainyardSeconds.push(await seconds(() => trainyard(server.url, `round-${round}`, RUNS)));
      dockerSeconds.push(await seconds(dockerRuns));
    }
    const ratio = median(dockerSeconds) / median(trainyardSeconds);
    report('throughput', {
      goal: `ratio >= ${GOAL}`,
      reached: ratio >= GOAL,
      ratio: rounded(ratio, 2),
      runsPerSecond: {
        trainyard: rounded(RUNS / median(trainyardSeconds), 2),
        dockerRun: rounded(RUNS / median(dockerSeconds), 2),
      },
      samplesSeconds: { trainyard: trainyardSeconds, dockerRun: dockerSeconds },
      circumstances: { before, after: circumstances() },
    });
  } finally {
    await server.stop();
  }
}

async function trainyard(url: string, name: string, runs: number): Promise<void> {
  await Promise.all(Array.from({ length: runs }, () => submit(url, name)));
  await allSucceeded(url, name, runs);
}

async function dockerRuns(): Promise<void> {
  const args = ['-P', String(AT_ONCE), '-I{}', 'docker', 'run', ...DOCKER_OPTIONS, IMAGE, ...COMMAND];
  const child = spawn('xargs', args, { stdio: ['pipe', 'inherit', 'inherit'] });
  child.stdin.end(Array.from({ length: RUNS }, (_, index) => `${index}\n`).join(''));
  const [exitCode] = (await once(child, 'exit')) as [number | null];
  if (exitCode !== 0) throw new Error(`xargs ended with exit code ${exitCode}`);
}

async function seconds(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return rounded((performance.now() - startedAt) / 1000, 2);
}
