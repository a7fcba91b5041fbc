import { LABELS } from '../contract/names';
import { circumstances, median, report, rounded } from './helpers/report';
import { allSucceeded, submit } from './helpers/runs';
import { startServer, type BenchServer } from './helpers/server';
import { type Starts, watchStarts } from './helpers/starts';

/**
 * What a lease costs: from the submission of a run over HTTP to the start of its container, by a server with pools and by
 * one without (`pools.direct`), in turn, so that both meet the same machine. Both pools are idle.
 */
const GOAL_MS = 60;
const WARM_UP = 3;

/** @param args the number of pairs; default 21. */
export async function main([count = '21']: string[]): Promise<void> {
  const pairs = Number(count);
  const before = circumstances();
  const starts = watchStarts();
  const pooled = await startServer();
  const direct = await startServer({ TRAINYARD_POOLS_DIRECT: 'true' });
  try {
    const pooledMs: number[] = [];
    const directMs: number[] = [];
    for (let index = -WARM_UP; index < pairs; index += 1) {
      const name = `lease-${index + WARM_UP}`;
      const withPool = await startOfRun(pooled, starts, name);
      const without = await startOfRun(direct, starts, name);
      if (index < 0) continue;
      pooledMs.push(withPool);
      directMs.push(without);
    }
    const addedMs = median(pooledMs) - median(directMs);
    report('lease-latency', {
      goal: `added <= ${GOAL_MS} ms`,
      reached: addedMs <= GOAL_MS,
      addedMs: rounded(addedMs),
      medianMs: { pool: rounded(median(pooledMs)), direct: rounded(median(directMs)) },
      samplesMs: { pool: pooledMs.map((one) => rounded(one)), direct: directMs.map((one) => rounded(one)) },
      circumstances: { before, after: circumstances() },
    });
  } finally {
    starts.stop();
    await Promise.all([pooled.stop(), direct.stop()]);
  }
}

async function startOfRun({ url }: BenchServer, starts: Starts, name: string): Promise<number> {
  const submittedAt = performance.timeOrigin + performance.now();
  const id = await submit(url, name);
  const startedAt = await starts.of(LABELS.run, id);
  await allSucceeded(url, name, 1);
  return startedAt - submittedAt;
}
