/** Thrown when the store cannot do its work. The message is one sentence with its mend. */
export class StoreError extends Error {
  override readonly name: string = 'StoreError';

  constructor(
    /** What is wrong. */
    readonly problem: string,
    /** What a person can do about it. */
    readonly mend: string,
    options?: ErrorOptions,
  ) {
    super(`${problem}; ${mend}`, options);
  }
}

/** Thrown when another process holds a lock of the data folder. */
export class DataFolderLockedError extends StoreError {
  override readonly name = 'DataFolderLockedError';

  constructor(
    readonly folder: string,
    readonly lock: string,
    /** Process id of the holder; undefined where it is not known. */
    readonly pid: number | undefined,
  ) {
    const holder = lock === 'server' ? 'Trainyard server' : `Trainyard process (as "${lock}")`;
    const process = pid === undefined ? '' : `, process ${pid}`;
    super(
      `the data folder ${folder} is in use by another ${holder}${process}`,
      'stop that one first, or choose another data folder',
    );
  }
}

/** Thrown when lines could not be appended because there is no room; none of the batch is stored. */
export class LogDiskFullError extends StoreError {
  override readonly name = 'LogDiskFullError';

  constructor(
    readonly path: string,
    options?: ErrorOptions,
  ) {
    super(`there is no room to write the log ${path}`, 'free space on that disk, or raise the quota', options);
  }
}

/** Thrown when the log of a run is being written already; once that writer is closed, or its process dead, it can be. */
export class LogInUseError extends StoreError {
  override readonly name = 'LogInUseError';

  constructor(
    readonly runId: string,
    /** Process id of the writer; undefined where it is not known. */
    readonly pid: number | undefined,
  ) {
    const process = pid === undefined ? '' : ` by process ${pid}`;
    super(`the log of ${runId} is being written${process}`, 'try again when that writer is done');
  }
}

/** Thrown to whoever reads a log when that is removed: what is left of it is not told, so that nobody takes it for all. */
export class LogRemovedError extends StoreError {
  override readonly name = 'LogRemovedError';

  constructor(
    readonly path: string,
    /** When it was removed. */
    readonly at: string,
    because: string,
  ) {
    super(
      `the log ${path} was removed on ${at} while it was read, because ${because}`,
      'what was read of it is not all; the run and its events are still there',
    );
  }
}

/** Thrown to whoever reads a whole log where lines in the middle are gone, as somebody has taken their files away. */
export class LogHoleError extends StoreError {
  override readonly name = 'LogHoleError';

  constructor(
    readonly path: string,
    /** The first and the last line that are gone. */
    readonly first: number,
    readonly last: number,
  ) {
    super(
      `lines ${first} to ${last} of the log ${path} are gone with their files`,
      `put the files back, or read on from line ${last + 1}`,
    );
  }
}

export function isStoreError(error: unknown): error is StoreError {
  return error instanceof StoreError;
}

export function isLogDiskFullError(error: unknown): error is LogDiskFullError {
  return error instanceof LogDiskFullError;
}

export function isLogInUseError(error: unknown): error is LogInUseError {
  return error instanceof LogInUseError;
}

export function isLogRemovedError(error: unknown): error is LogRemovedError {
  return error instanceof LogRemovedError;
}

export function isLogHoleError(error: unknown): error is LogHoleError {
  return error instanceof LogHoleError;
}

/** What is read of a log up to where it is removed, for whoever has a use for part of it. */
export async function* untilRemoved<T>(reading: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* reading;
  } catch (error) {
    if (!isLogRemovedError(error)) throw error;
  }
}
