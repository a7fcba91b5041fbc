import { InvalidCursorError } from '../run-store';

/** Where a page of the list ended: the last run of it. */
export interface ListPosition {
  createdAt: string;
  id: string;
}

export function encodeCursor({ createdAt, id }: ListPosition): string {
  return Buffer.from(JSON.stringify([createdAt, id])).toString('base64url');
}

/** @throws {InvalidCursorError} if the text was not made by {@link encodeCursor}. */
export function decodeCursor(cursor: string): ListPosition {
  const position = parseCursor(cursor);
  if (position === undefined || encodeCursor(position) !== cursor) {
    throw new InvalidCursorError(`"${cursor}" is no cursor; pass on the "next" of the page before as it is`);
  }
  return position;
}

function parseCursor(cursor: string): ListPosition | undefined {
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    return undefined;
  }
  if (!Array.isArray(parts) || parts.length !== 2) return undefined;
  const [createdAt, id] = parts as unknown[];
  return typeof createdAt === 'string' && typeof id === 'string' ? { createdAt, id } : undefined;
}
