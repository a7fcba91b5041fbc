import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Execution, PrintedLine } from '../check/facts';
import type { EngineNotes } from './engine-logs';

interface ExecutionRecord {
  event: 'start' | 'end';
  attempt: number;
  nonce: string;
  /** Milliseconds since 1970. */
  at: number;
  alone?: boolean;
  /** First 12 digits of the container's id. */
  container?: string;
}

/** What the containers of a run wrote down of themselves; see container/print-lines.py. */
export function readTruth(folder: string, runId: string, engine: EngineNotes): Execution[] {
  const file = join(folder, 'executions.jsonl');
  if (!existsSync(file)) return [];
  const records = readLines(file).map((line) => JSON.parse(line) as ExecutionRecord);
  return records
    .filter(({ event }) => event === 'start')
    .map(({ attempt, nonce, at, alone, container }) => ({
      attempt,
      nonce,
      alone: alone === true,
      startedAtMs: at,
      endedAtMs: records.find((record) => record.event === 'end' && record.nonce === nonce)?.at ?? null,
      printed: printedLines(join(folder, `${attempt}-${nonce}.txt`), `${runId} ${attempt}`, nonce),
      engineStartedAtMs: engine.startedAtMs.get(container ?? '') ?? null,
      engineLog: engine.lines.get(nonce) ?? (engine.caught.has(container ?? '') ? [] : null),
    }));
}

function printedLines(file: string, beginning: string, nonce: string): PrintedLine[] {
  return readLines(file).map((line) => {
    const [stream, number] = line.split(' ');
    return { stream: stream as PrintedLine['stream'], text: `${beginning} ${number} ${nonce}` };
  });
}

function readLines(file: string): string[] {
  return readFileSync(file, 'utf8').split('\n').filter(Boolean);
}
