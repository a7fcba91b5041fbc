import { join } from 'node:path';
import timers from 'node:timers/promises';

import type { ContainerInfo, Engine, LogRecord, ReadLogsOptions } from '../../docker/engine';
import { createBrakes } from '../../host/brakes';
import { createEngineClock } from '../../host/engine-clock';
import { pumpLog } from '../../host/log-pump';
import type { PumpDeps } from '../../host/pump-deps';
import { openLogStore } from '../../store/file-log-store';
import type { LogStore, Seal } from '../../store/log-store';
import { QUIET } from './helpers';

/** An engine that fails when a test wants it to, as a real one cannot be made to. Its files are not seen. */
export interface FakeLog {
  status: ContainerInfo['status'];
  records: readonly LogRecord[];
  isProcess?: boolean;
  /** Called when the container is looked at, with the number of looks before. */
  onInspect?: (looksBefore: number) => void;
  /** Called before each read of a reading, and before its end, with the number of readings and of its records before. */
  onRead?: (readingsBefore: number, recordsBefore: number) => void;
}

/** Records one nanosecond apart. */
export function recordsOf(texts: readonly string[]): LogRecord[] {
  return texts.map((text, index) => ({
    time: `2026-01-01T12:05:00.${String(index).padStart(9, '0')}Z`,
    stream: 'stdout',
    data: Buffer.from(text),
    complete: true,
  }));
}

export const numberedTexts = (count: number): string[] => Array.from({ length: count }, (_, index) => `line ${index}`);

const READ_RECORDS = 5;

function fakeEngine(log: FakeLog): Engine {
  let looks = 0;
  let readings = 0;
  async function* readLogs(_: string, { since, tail }: ReadLogsOptions): AsyncGenerator<LogRecord[]> {
    const reading = readings;
    readings += 1;
    const last = tail === undefined ? log.records : log.records.slice(-tail);
    const start = since === undefined ? 0 : last.findIndex(({ time }) => time >= since);
    const read = start < 0 ? [] : last.slice(start);
    for (let index = 0; index <= read.length; index += READ_RECORDS) {
      log.onRead?.(reading, index);
      if (index < read.length) yield read.slice(index, index + READ_RECORDS);
    }
  }
  return {
    inspectContainer: async () => {
      looks += 1;
      log.onInspect?.(looks - 1);
      return infoOf(log);
    },
    filesOf: async () => null,
    info: async () => ({ time: new Date().toISOString() }),
    unpauseContainer: async () => true,
    limitCpus: async () => true,
    readLogs,
  } as unknown as Engine;
}

function infoOf({ status, isProcess }: FakeLog): ContainerInfo {
  const startedAt = '2026-01-01T12:00:00.000000000Z';
  const preamble = isProcess ? { preamble: [] } : {};
  return { id: 'container', status, startedAt, cpus: 1, log: null, ...preamble } as unknown as ContainerInfo;
}

/** What a worker that has just started pumps with from an engine of a test's own. */
export function pumpDepsOn(engine: Engine, data: string, logs: LogStore, changes: Partial<PumpDeps>): PumpDeps {
  return {
    engine,
    logs,
    late: { find: async () => null } as unknown as PumpDeps['late'],
    brakes: createBrakes(engine, join(data, 'slowed')),
    clock: createEngineClock(engine),
    log: QUIET,
    echo: false,
    size: { fileBytes: 50_000_000, keptBytes: 100_000_000 },
    ...changes,
  };
}

/** A pump of that log, as a worker that has just started has it. */
export function pumpOf(data: string, log: FakeLog, changes: Partial<PumpDeps> = {}) {
  const logs: LogStore = openLogStore(data, { segmentBytes: 1e9 });
  const deps = pumpDepsOn(fakeEngine(log), data, logs, changes);
  const target = { runId: 'run', attempt: 1, containerId: 'container' };
  const run = (signal = new AbortController().signal): Promise<Seal> => pumpLog(deps, target, () => undefined, signal);
  return { logs, run };
}

/** Time passes in the pauses of a pump only, and these take none. Call it at the top of a file. */
export function pausesWithoutTime(): { ms: number } {
  const passed = { ms: 0 };
  beforeEach(() => {
    passed.ms = 0;
    const pause = async (ms?: number): Promise<undefined> => {
      passed.ms += ms ?? 0;
      // Whoever pauses until something has come must let it come: files are really read and written.
      await new Promise((resolve) => setImmediate(resolve));
    };
    jest.spyOn(timers, 'setTimeout').mockImplementation(pause as typeof timers.setTimeout);
    jest.spyOn(performance, 'now').mockImplementation(() => passed.ms);
  });
  afterEach(() => jest.restoreAllMocks());
  return passed;
}
