import { StoreError } from '../errors';

/**
 * Result codes of SQLite that a person can do something about (https://sqlite.org/rescode.html). The library gives the
 * extended code; its low byte is the primary one.
 */
const BUSY = 5;
const READONLY = 8;
const IO_ERROR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANNOT_OPEN = 14;
const NOT_A_DATABASE = 26;

const RESTORE = 'restore it from a copy, or move it away to begin with an empty list (logs and running workflows stay)';

const SENTENCES: Record<number, { problem: string; mend: string } | undefined> = {
  [BUSY]: { problem: 'is locked by another process for too long', mend: 'look for a process that hangs with it open' },
  [READONLY]: { problem: 'cannot be written to', mend: 'give its owner to the user that runs Trainyard' },
  [IO_ERROR]: { problem: 'could not be read or written', mend: 'check the disk' },
  [CORRUPT]: { problem: 'is damaged', mend: RESTORE },
  [FULL]: { problem: 'cannot grow: the disk is full', mend: 'free space on that disk' },
  [CANNOT_OPEN]: { problem: 'cannot be opened', mend: 'check that its folder exists and can be written to' },
  [NOT_A_DATABASE]: { problem: 'is not an SQLite database', mend: RESTORE },
};

/** True where another connection is in the way. */
export function isBusy(error: unknown): boolean {
  return primaryCode(error) === BUSY;
}

/** A {@link StoreError} for what a person can mend; any other error as it is. */
export function describeSqliteError(error: unknown, path: string): unknown {
  const sentence = SENTENCES[primaryCode(error) ?? -1];
  if (sentence === undefined) return error;
  const detail = (error as Error).message;
  return new StoreError(`the database ${path} ${sentence.problem} (${detail})`, sentence.mend, { cause: error });
}

function primaryCode(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown } | null)?.errcode;
  return typeof code === 'number' ? code & 0xff : undefined;
}
