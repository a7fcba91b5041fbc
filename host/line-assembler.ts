import type { LogRecord } from '../docker/engine';

/** Longer lines are stored in several parts, so that a program that never ends its line cannot fill the memory. */
export const MAX_LINE_BYTES = 1024 * 1024;

export interface AssembledLine {
  /** Time of the line's first record. */
  time: string;
  stream: 'stdout' | 'stderr';
  data: Buffer;
  /**
   * No place to resume: a line of the other stream, or a part of this one, was incomplete when this began; or one that a killed
   * engine tore ended before it with a record that is no earlier, where the engine begins if it is asked for the time of this.
   */
  midLine: boolean;
  /** True for the first part of a line that was too long: it goes on in the next one of its stream. */
  firstPart: boolean;
}

export interface LineAssembler {
  /** Lines that the records complete, the parts of those that are too long among them. */
  push(records: readonly LogRecord[]): AssembledLine[];
  /** The lines that were never ended, in the order of their beginnings; for the end of a container. */
  flush(): AssembledLine[];
}

interface OpenLine {
  time: string;
  stream: 'stdout' | 'stderr';
  midLine: boolean;
  cut: boolean;
  pieces: Buffer[];
  bytes: number;
}

/**
 * Joins the records of an engine's log to lines, per stream. The lines depend on nothing but the records from a line's
 * first one on, so a reader that begins again at such a place gets the same lines.
 */
export function createLineAssembler(maxLineBytes = MAX_LINE_BYTES): LineAssembler {
  const openLines = new Map<'stdout' | 'stderr', OpenLine>();
  // The records of a line have one time, but for those that came of a torn one once the engine was back. Until a line is later.
  let tornUntil = '';

  const push = (records: readonly LogRecord[]): AssembledLine[] => {
    const lines: AssembledLine[] = [];
    for (const record of records) {
      // Nearly every record is a line, and as many as there are, it is worth not to build anything to join them.
      const isAlone = openLines.size === 0 && tornUntil === '';
      if (isAlone && record.complete && record.data.length <= maxLineBytes) lines.push(toLine(record));
      else pushPiece(record, lines);
    }
    return lines;
  };

  const pushPiece = (record: LogRecord, lines: AssembledLine[]): void => {
    const line = openLines.get(record.stream) ?? beginLine(record);
    if (record.time > line.time && record.time > tornUntil) tornUntil = record.time;
    line.pieces.push(record.data);
    line.bytes += record.data.length;
    if (line.bytes > maxLineBytes) lines.push(...cutParts(line, maxLineBytes));
    if (record.complete) lines.push(finish(line));
    if (record.complete) openLines.delete(record.stream);
    else openLines.set(record.stream, line);
  };

  const beginLine = (record: LogRecord): OpenLine => {
    if (record.time > tornUntil) tornUntil = '';
    return begin(record, openLines.size > 0 || tornUntil !== '');
  };

  const flush = (): AssembledLine[] => {
    const lines = [...openLines.values()].map((line) => finish(line));
    openLines.clear();
    return lines;
  };

  return { push, flush };
}

function toLine({ time, stream, data }: LogRecord): AssembledLine {
  return { time, stream, data, midLine: false, firstPart: false };
}

function begin({ time, stream }: LogRecord, midLine: boolean): OpenLine {
  return { time, stream, midLine, cut: false, pieces: [], bytes: 0 };
}

/** Takes whole parts off the beginning of a line that is too long, and leaves the rest of it open. */
function cutParts(line: OpenLine, maxLineBytes: number): AssembledLine[] {
  const parts: AssembledLine[] = [];
  let rest = Buffer.concat(line.pieces);
  while (rest.length > maxLineBytes) {
    const cut = characterStart(rest, maxLineBytes);
    const { time, stream } = line;
    parts.push({ time, stream, data: rest.subarray(0, cut), midLine: line.midLine, firstPart: !line.cut });
    rest = rest.subarray(cut);
    line.cut = true;
    line.midLine = true;
  }
  line.pieces = [rest];
  line.bytes = rest.length;
  return parts;
}

/** The last place up to `at` where no character of UTF-8 is cut in two; `at` itself where the bytes are no UTF-8. */
function characterStart(bytes: Buffer, at: number): number {
  for (let back = 0; back < 4 && at - back > 0; back += 1) {
    if (((bytes[at - back] ?? 0) & 0xc0) !== 0x80) return at - back;
  }
  return at;
}

function finish({ time, stream, midLine, pieces }: OpenLine): AssembledLine {
  const [only] = pieces;
  const data = pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces);
  return { time, stream, data, midLine, firstPart: false };
}
