import type { Engine, LogRecord } from '../docker/engine';

interface Tail {
  containerId: string;
  /** How many records. */
  tail: number;
  signal: AbortSignal;
}

/** The last records of an engine's log as it is now. */
export async function lastRecords(
  engine: Pick<Engine, 'readLogs'>,
  { containerId, tail, signal }: Tail,
): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  for await (const batch of engine.readLogs(containerId, { follow: false, tail, signal })) records.push(...batch);
  return records;
}
