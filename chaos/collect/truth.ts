import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Execution, PrintedLine } from '../check/facts';
import { foldedPadding } from '../padding';
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
  const starts = records.filter(({ event }) => event === 'start');
  return starts.map(({ attempt, nonce, at, alone, container = '' }) => {
    const nonces = starts.filter((start) => start.container === container).map((start) => start.nonce);
    return {
      attempt,
      nonce,
      alone: alone === true,
      startedAtMs: at,
      endedAtMs: records.find((record) => record.event === 'end' && record.nonce === nonce)?.at ?? null,
      printed: printedLines(join(folder, `${attempt}-${nonce}.txt`), `${runId} ${attempt}`, nonce),
      engineStartedAtMs: engine.startedAtMs.get(container) ?? null,
      engineLog: linesOf(nonce, nonces, engine.lines.get(container)),
    };
  });
}

function printedLines(file: string, beginning: string, nonce: string): PrintedLine[] {
  return readLines(file).map((line) => {
    const [stream, number, blocks] = line.split(' ') as [PrintedLine['stream'], string, string];
    const padding = blocks === '0' ? '' : `${foldedPadding(nonce, stream, Number(number), Number(blocks))} `;
    return { stream, text: `${beginning} ${number} ${padding}${nonce}` };
  });
}

/**
 * What an execution left in the log of its container, where others may have run before and after it: a line ends with the nonce
 * of its own, and one that was torn within that is of the one before it.
 */
function linesOf(
  nonce: string,
  nonces: readonly string[],
  log: readonly PrintedLine[] | undefined,
): PrintedLine[] | null {
  if (log === undefined) return null;
  let [owner] = nonces;
  return log.filter(({ text }) => {
    owner = nonces.find((known) => text.endsWith(` ${known}`)) ?? owner;
    return owner === nonce;
  });
}

function readLines(file: string): string[] {
  return readFileSync(file, 'utf8').split('\n').filter(Boolean);
}
