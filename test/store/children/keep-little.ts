import { attemptsWithLines } from '../../../api/services/attempts';
import { compilePattern } from '../../../api/services/line-pattern';
import { searchLogs } from '../../../api/services/search-logs';
import type { Services } from '../../../api/services/services';
import { openLogStore } from '../../../store/file-log-store';
import { readLogEnd } from '../../../store/log-end';
import type { LogStore, LogWriter } from '../../../store/log-store';
import { logTime } from '../logs/engine-log';
import { numbered } from '../logs/log-file';

/**
 * Writes logs of 100 MiB in memory and takes little of them, in one of the ways in which lines are kept; prints how many lines
 * it has, or writers that know where to resume. To be started with a heap that has no room for the logs.
 */
const [folder, way] = process.argv.slice(2) as [string, keyof typeof WAYS | 'writers'];

const LINES = 50;
/** Wide, as a character that is no Latin-1 makes every character of its block two bytes large. */
const wide = (length: number): string => `epoch █ ${'x'.repeat(length)}`;

const WAYS = {
  search: async (logStore: LogStore) => {
    const run = { id: 'run-1', name: null, createdAt: '2026-01-01T00:00:00.000Z' };
    const runStore = { listRuns: async () => ({ items: [run], next: null }) };
    const pattern = compilePattern('query', 'short', { literal: true, ignoreCase: false });
    const { items } = await searchLogs({ runStore, logStore } as unknown as Services, {
      runs: {},
      lines: { matches: pattern.matches },
      pattern,
      budget: { hits: 500, bytes: 1e9, timeMs: 1e6 },
      signal: new AbortController().signal,
    });
    return items;
  },
  end: (logs: LogStore) => readLogEnd(logs, { runId: 'run-1', attempt: 1 }),
  attempts: async (logStore: LogStore) => {
    const attempt = { number: 1, containerId: 'some', logLines: 1 };
    const runStore = { getRun: async () => ({ run: { id: 'run-1', state: 'succeeded' }, attempts: [attempt] }) };
    const [found] = await attemptsWithLines({ runStore, logStore } as unknown as Services, 'run-1', 2 * LINES);
    return found!.lastLines;
  },
};

async function main(): Promise<void> {
  const logs = openLogStore(folder, { segmentBytes: 1e9 });
  const kept = await (way === 'writers' ? openAgain(logs) : keepOfOne(logs, way));
  process.stdout.write(`${kept.length}\n`);
}

async function keepOfOne(logs: LogStore, wanted: keyof typeof WAYS): Promise<readonly unknown[]> {
  const writer = await logs.openWriter('run-1', 1);
  for (let number = 1; number <= LINES; number += 1) {
    const texts = ['a short one, of which each has a block to itself', wide(1_000_000)];
    await writer.append(texts.map((text) => ({ time: logTime(number), stream: 'stdout', text })));
  }
  await writer.close();
  return WAYS[wanted](logs);
}

/** As a worker does that takes up what another has left. */
async function openAgain(logs: LogStore): Promise<readonly LogWriter[]> {
  const writers: LogWriter[] = [];
  for (let run = 1; run <= 4 * LINES; run += 1) {
    const writer = await logs.openWriter(`run-${run}`, 1);
    await writer.append(Array.from({ length: 250 }, (_, index) => numbered(index + 1, { text: 'x'.repeat(1_000) })));
    await writer.close();
    writers.push(await logs.openWriter(`run-${run}`, 1));
  }
  return writers.filter(({ resume }) => resume !== null);
}

void main();
