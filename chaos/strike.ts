import { setTimeout as sleep } from 'node:timers/promises';

import type { Installation } from './installation/installation';
import type { EngineDeath } from './check/facts';
import { type Blow, describeBlow, type PartName } from './plan/blows';

export interface StrikeReport {
  killed: Record<PartName, number>;
  frozen: Record<PartName, number>;
  engineFreezes: Freezing[];
  engineDeaths: EngineDeath[];
}

/** In milliseconds since 1970. */
interface Freezing {
  fromMs: number;
  /** Null while it lasts. */
  toMs: number | null;
}

/**
 * Deals the blows of one round, one after the other; what is frozen stays so while the next blows fall, unless one of them
 * is for the same part. Resolves when all parts have been thawed and the engine answers.
 *
 * @param stopped aborted where the round shall be cut short; then it only undoes what it did.
 */
export async function strike(
  installation: Installation,
  blows: readonly Blow[],
  report: StrikeReport,
  tell: (line: string) => void,
  stopped: AbortSignal,
): Promise<void> {
  const thaws: Partial<Record<PartName, Promise<void>>> = {};
  try {
    for (const blow of blows) {
      await pause(blow.pauseMs, stopped);
      await thaws[blow.part];
      if (stopped.aborted) return;
      tell(describeBlow(blow));
      if (blow.how === 'freeze') thaws[blow.part] = freeze(installation, blow, report, stopped);
      else if (blow.part === 'engine') await killEngine(installation, blow.awayMs, report, stopped);
      else await kill(installation, blow.part, report, stopped);
    }
  } finally {
    await Promise.all(Object.values(thaws));
  }
}

async function kill(
  { signal }: Installation,
  part: PartName,
  report: StrikeReport,
  stopped: AbortSignal,
): Promise<void> {
  // Between its death and its next start there is nobody to kill; the blow waits for the next life.
  while (!signal(part, 'SIGKILL')) {
    if (stopped.aborted) return;
    await pause(LOOK_EVERY_MS, stopped);
  }
  report.killed[part] += 1;
}

const LOOK_EVERY_MS = 50;

async function killEngine(
  { engine }: Installation,
  awayMs: number,
  report: StrikeReport,
  stopped: AbortSignal,
): Promise<void> {
  report.engineDeaths.push(deathNow(report));
  await engine.kill();
  report.killed.engine += 1;
  await pause(awayMs, stopped);
  await engine.start();
}

/** An engine that was thawed only just now has had no time to note what happened while it was frozen. */
function deathNow({ engineFreezes }: StrikeReport): EngineDeath {
  const killedAtMs = Date.now();
  const last = engineFreezes.at(-1);
  const isJustThawed = last !== undefined && killedAtMs - (last.toMs ?? killedAtMs) < THAWING_MS;
  return { killedAtMs, idleSinceMs: isJustThawed ? last.fromMs : killedAtMs };
}

const THAWING_MS = 2_000;

async function freeze(
  { pid, signal }: Installation,
  { part, forMs }: Extract<Blow, { how: 'freeze' }>,
  report: StrikeReport,
  stopped: AbortSignal,
): Promise<void> {
  let frozen = pid(part);
  while (frozen === undefined || !signal(part, 'SIGSTOP')) {
    if (stopped.aborted) return;
    await pause(LOOK_EVERY_MS, stopped);
    frozen = pid(part);
  }
  report.frozen[part] += 1;
  const freezing: Freezing = { fromMs: Date.now(), toMs: null };
  if (part === 'engine') report.engineFreezes.push(freezing);
  await pause(forMs, stopped);
  if (pid(part) === frozen) signal(part, 'SIGCONT');
  freezing.toMs = Date.now();
}

/** Sleeps, less long where the round is cut short. */
async function pause(forMs: number, stopped: AbortSignal): Promise<void> {
  if (stopped.aborted) return;
  await sleep(forMs, undefined, { signal: stopped }).catch((error: unknown) => {
    if (!stopped.aborted) throw error;
  });
}
