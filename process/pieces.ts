import type { LogRecord } from '../docker/engine';
import { PIECE_BYTES } from './log-format';

export interface Piece extends Pick<LogRecord, 'stream' | 'data' | 'complete'> {
  /** False for a piece that goes on with a line. */
  isFirst: boolean;
}

export interface PieceCutter {
  /** Lines, and pieces of lines that are too long, as far as they are complete with this chunk. */
  push(chunk: Buffer): Piece[];
  /** What was printed of a line that never ended. */
  flush(): Piece[];
}

const NEWLINE = 0x0a;

/** Cuts what comes from a stream into lines, without their ends, and lines over 16 KiB into pieces. One per stream. */
export function createPieceCutter(stream: Piece['stream']): PieceCutter {
  let rest: Buffer = Buffer.alloc(0);
  let isFirst = true;

  const cut = (data: Buffer, complete: boolean): Piece => {
    const piece = { stream, data, complete, isFirst };
    isFirst = complete;
    return piece;
  };

  const push = (chunk: Buffer): Piece[] => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const pieces: Piece[] = [];
    let at = 0;
    for (;;) {
      const end = bytes.indexOf(NEWLINE, at);
      const isLine = end !== -1 && end - at <= PIECE_BYTES;
      if (!isLine && bytes.length - at < PIECE_BYTES) break;
      const to = isLine ? end : at + PIECE_BYTES;
      pieces.push(cut(bytes.subarray(at, to), isLine));
      at = isLine ? to + 1 : to;
    }
    // A copy, so that a few bytes do not keep a whole chunk in memory.
    rest = Buffer.from(bytes.subarray(at));
    return pieces;
  };

  const flush = (): Piece[] => {
    const pieces = rest.length === 0 ? [] : [cut(rest, false)];
    rest = Buffer.alloc(0);
    return pieces;
  };

  return { push, flush };
}
