import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';

import type { LogLine, LogQuery, LogStore, NewLogLine } from '../../../store/log-store';
import { logTime } from './engine-log';

export const ALL_STREAMS: LogQuery['streams'] = ['stdout', 'stderr', 'system'];

/** A stdout line whose text and time tell its number. */
export function numbered(number: number, changes: Partial<NewLogLine> = {}): NewLogLine {
  return { time: logTime(number), stream: 'stdout', text: `line ${number}`, ...changes };
}

export function numberedLines(first: number, last: number): NewLogLine[] {
  return Array.from({ length: last - first + 1 }, (_, index) => numbered(first + index));
}

export async function readAll(store: LogStore, runId: string, query: LogQuery = {}): Promise<LogLine[]> {
  const lines: LogLine[] = [];
  for await (const batch of store.read(runId, query)) lines.push(...batch);
  return lines;
}

export async function textsOf(store: LogStore, runId: string, query: LogQuery = {}): Promise<string[]> {
  return (await readAll(store, runId, query)).map(({ text }) => text);
}

/** Names of the files that were set aside. */
export function olderFiles(store: LogStore, runId: string): string[] {
  const folder = olderFolder(store, runId);
  return existsSync(folder) ? readdirSync(folder).toSorted() : [];
}

export function olderFolder(store: LogStore, runId: string): string {
  return store.pathOf(runId).replace(/\.log$/, '.older');
}

/** All of a run's log as a person finds it with zcat and cat. */
export function rawLog(store: LogStore, runId: string): string {
  const folder = olderFolder(store, runId);
  const older = olderFiles(store, runId).map((name) => {
    const bytes = readFileSync(join(folder, name));
    return (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
  });
  return older.join('') + readFileSync(join(dirname(folder), `training_${runId}.log`), 'utf8');
}
