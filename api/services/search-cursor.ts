import { invalidInput } from '../problem-error';

/** Where a search over logs goes on. */
export interface SearchPlace {
  /** Run in the middle of whose log the search stopped, and the line it stopped before; null at the beginning of a run. */
  within: { runId: string; line: number } | null;
  /** Cursor of the list of runs for those that come after; null: from the newest on. */
  after: string | null;
  /** True where no run comes after. */
  isLast: boolean;
}

export const SEARCH_BEGINNING: SearchPlace = { within: null, after: null, isLast: false };

export function writeSearchCursor({ within, after, isLast }: SearchPlace): string {
  const parts = [within?.runId ?? null, within?.line ?? null, after, isLast];
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/** @throws {ProblemError} `invalid-input` where the text is none that {@link writeSearchCursor} made. */
export function readSearchCursor(cursor: string): SearchPlace {
  const place = parse(cursor);
  if (place !== undefined && writeSearchCursor(place) === cursor) return place;
  const message = 'is none that a search gave; leave it out to start with the newest run';
  throw invalidInput([{ path: 'cursor', message }]);
}

function parse(cursor: string): SearchPlace | undefined {
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    return undefined;
  }
  if (!Array.isArray(parts) || parts.length !== 4) return undefined;
  const [runId, line, after, isLast] = parts as unknown[];
  if ((after !== null && typeof after !== 'string') || typeof isLast !== 'boolean') return undefined;
  if (runId === null && line === null) return { within: null, after, isLast };
  if (typeof runId !== 'string' || !Number.isSafeInteger(line)) return undefined;
  return { within: { runId, line: line as number }, after, isLast };
}
