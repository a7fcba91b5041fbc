import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { PARTS } from '../chaos/plan/blows';
import { runChaos } from '../chaos/run-chaos';
import { countAll } from '../chaos/summary';
import { circumstances, report } from './helpers/report';
import { IMAGE } from './helpers/runs';

/** Twenty live runs while every part is killed in every round, one of them frozen, and the engine among them: docs/chaos.md. */
const LIVE = 20;

/** @param args the number of rounds, default 20, and the seed. */
export async function main([rounds = '20', seed = randomBytes(4).toString('hex')]: string[]): Promise<void> {
  const before = circumstances();
  const folder = mkdtempSync(join(tmpdir(), 'trainyard-bench-'));
  console.error(`seed ${seed}`);
  let isWell = false;
  try {
    const result = await runChaos({
      ...{ seed, rounds: Number(rounds), live: LIVE, freezeMs: 40_000, longestSeconds: 60, parts: [...PARTS] },
      ...{ folder, image: IMAGE, env: process.env, keep: false },
      tell: (line) => console.error(line),
      stopped: new AbortController().signal,
    });
    const { violations } = result.verdict;
    isWell = violations.length === 0;
    report('chaos', {
      goal: 'nothing lost, doubled, left or run twice; every run ends as it should',
      reached: isWell,
      seed,
      rounds: Number(rounds),
      liveRuns: LIVE,
      counts: Object.fromEntries(countAll(result)),
      violations: violations.map(({ sentence }) => sentence),
      circumstances: { before, after: circumstances() },
    });
  } finally {
    if (isWell) rmSync(folder, { recursive: true, force: true });
    else console.error(`logs, data and facts are kept in ${folder}`);
  }
}
