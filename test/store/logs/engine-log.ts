import fc from 'fast-check';

import { PIECE_BYTES } from '../../../store/logs/resume';

/**
 * A Docker Engine's log of one container, as far as its order and its times matter: a sequence of records, in which the
 * lines of two racing streams are mixed, times go back and forth and repeat, and long lines come in pieces that share one
 * time and stand among the records of the other stream.
 */
export interface EngineRecord {
  time: string;
  stream: 'stdout' | 'stderr';
  data: string;
  /** False for a piece that more of the same line follows. */
  complete: boolean;
}

export interface EngineLine {
  time: string;
  stream: 'stdout' | 'stderr';
  text: string;
  midLine: boolean;
}

/** One record of the log in the making. */
interface Step {
  stream: 'stdout' | 'stderr';
  /** Pieces of the line that it begins, unless its stream is in the middle of one. */
  pieces: number;
  /** Nanoseconds that the clock goes on by; negative where it is set back. */
  advance: number;
  /** Nanoseconds between the time that a record gets and its turn to be written. */
  delay: number;
  /** The engine was killed before it: what comes of a line that had begun has a time of its own. */
  afterKill: boolean;
}

const step: fc.Arbitrary<Step> = fc.record({
  stream: fc.constantFrom('stdout' as const, 'stderr' as const),
  pieces: fc.oneof({ weight: 6, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: fc.integer({ min: 2, max: 4 }) }),
  advance: fc.oneof({ weight: 12, arbitrary: fc.nat(3) }, { weight: 1, arbitrary: fc.integer({ min: -30, max: 0 }) }),
  delay: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(6) }),
  afterKill: fc.integer({ min: 0, max: 9 }).map((chance) => chance === 9),
});

/** Logs in which lines may still be incomplete at the end, as in one that is being written. */
export function engineLogs(options: { maxRecords: number; pieceText?: string }): fc.Arbitrary<EngineRecord[]> {
  return fc
    .array(step, { minLength: 1, maxLength: options.maxRecords })
    .map((steps) => writeEngineLog(steps, options.pieceText ?? 'p'));
}

function writeEngineLog(steps: readonly Step[], pieceText: string): EngineRecord[] {
  const open = new Map<Step['stream'], { time: string; left: number }>();
  let clock = 1_000;
  return steps.map(({ stream, pieces, advance, delay, afterKill }, index) => {
    clock += advance;
    if (afterKill) for (const line of open.values()) line.time = logTime(clock - delay);
    const line = open.get(stream) ?? { time: logTime(clock - delay), left: pieces };
    line.left -= 1;
    if (line.left === 0) open.delete(stream);
    else open.set(stream, line);
    const isPiece = line.left > 0 || pieces > 1;
    return { time: line.time, stream, data: `${isPiece ? pieceText : ''}#${index}`, complete: line.left === 0 };
  });
}

export function logTime(nanoseconds: number): string {
  return `2026-11-24T03:42:31.${String(nanoseconds).padStart(9, '0')}Z`;
}

/** What Docker Engine 24 and later passes: all from the first record on that is not earlier. */
export function readSince(log: readonly EngineRecord[], since: string | null): EngineRecord[] {
  const start = since === null ? 0 : log.findIndex(({ time }) => time >= since);
  return start === -1 ? [] : log.slice(start);
}

/** Joins records to lines, each at the place of its last record; see host/line-assembler. */
export function joinLines(records: readonly EngineRecord[]): EngineLine[] {
  const open = new Map<EngineRecord['stream'], EngineLine>();
  let tornUntil = '';
  return records.flatMap(({ time, stream, data, complete }) => {
    if (!open.has(stream) && time > tornUntil) tornUntil = '';
    const line = open.get(stream) ?? { time, stream, text: '', midLine: tornUntil !== '' };
    if (time > line.time && time > tornUntil) tornUntil = time;
    line.text += data;
    open.set(stream, line);
    if (!complete) return [];
    open.delete(stream);
    return [{ ...line, midLine: line.midLine || open.size > 0 }];
  });
}

/** Makes a text of one piece as long as the engine's, so that a joined line is a long one to the store too. */
export const LONG_PIECE = 'p'.repeat(PIECE_BYTES);
