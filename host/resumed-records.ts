import type { Engine, LogRecord } from '../docker/engine';
import { textHash, type ResumePoint } from '../store/log-store';
import { decodeLine } from './decode-line';

/** Records at the end of a log among which the place of resume is looked for first. */
const TAIL_RECORDS = 4000;

interface Reading {
  containerId: string;
  follow: boolean;
  signal: AbortSignal;
}

/**
 * The records of a container's log from the place of resume on, or from the first.
 *
 * An engine that is asked for a log since a time goes through all that it keeps, which takes seconds for a long one. Mostly the
 * place is near the end, where the engine gets at once; only where it is not found there, the engine is asked by time. Where it
 * has thrown the place away, all that it has is told: of that, too, it would pass over what comes before the first record that
 * is as late, and as long as its clock is behind the place, after it was set back, that is everything.
 */
export async function* resumedRecords(
  engine: Engine,
  { containerId, follow, signal }: Reading,
  resume: ResumePoint | null,
): AsyncGenerator<LogRecord[], void, undefined> {
  if (resume !== null) {
    // Whoever follows would wait for ever for a place that is not there, and half of the records leaves room for new ones.
    const isNear = !follow || (await isInTail(engine, containerId, resume, signal));
    if (isNear && (yield* fromTail(engine, { containerId, follow, signal }, resume))) return;
    const isKept = !follow || (await isAtTime(engine, containerId, resume, signal));
    if (isKept && (yield* fromTime(engine, { containerId, follow, signal }, resume))) return;
  }
  yield* engine.readLogs(containerId, { follow, signal });
}

async function isInTail(engine: Engine, id: string, resume: ResumePoint, signal: AbortSignal): Promise<boolean> {
  for await (const records of engine.readLogs(id, { follow: false, tail: TAIL_RECORDS / 2, signal })) {
    if (records.some((record) => isAnchor(record, resume))) return true;
  }
  return false;
}

/** False where the place was not among the last records; nothing was yielded then. */
async function* fromTail(
  engine: Engine,
  { containerId, follow, signal }: Reading,
  resume: ResumePoint,
): AsyncGenerator<LogRecord[], boolean, undefined> {
  let isFound = false;
  let passed = 0;
  for await (const records of engine.readLogs(containerId, { follow, tail: TAIL_RECORDS, signal })) {
    const start: number = isFound ? 0 : records.findIndex((record) => isAnchor(record, resume));
    isFound ||= start >= 0;
    if (isFound) yield records.slice(start);
    passed += records.length;
    if (!isFound && passed >= TAIL_RECORDS) return false;
  }
  return isFound;
}

async function isAtTime(engine: Engine, id: string, { since }: ResumePoint, signal: AbortSignal): Promise<boolean> {
  for await (const [first] of engine.readLogs(id, { follow: false, since, signal })) return first?.time === since;
  return false;
}

/** False where the place is gone: a log that has it begins with it, asked for its time. Nothing was yielded then. */
async function* fromTime(
  engine: Engine,
  { containerId, follow, signal }: Reading,
  { since }: ResumePoint,
): AsyncGenerator<LogRecord[], boolean, undefined> {
  let isFound = false;
  for await (const records of engine.readLogs(containerId, { follow, since, signal })) {
    isFound ||= records[0]?.time === since;
    if (!isFound) return false;
    yield records;
  }
  return isFound;
}

/** The anchor is one record; a later one that is the same is told from it by what is stored after it. */
function isAnchor({ time, stream, data, complete }: LogRecord, { since, anchor }: ResumePoint): boolean {
  return time === since && stream === anchor.stream && complete && textHash(decodeLine(data).text) === anchor.textHash;
}
