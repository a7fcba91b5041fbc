import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { EngineLogFiles } from '../../docker/container-files';
import type { Engine, LogRecord, ReadLogsOptions } from '../../docker/engine';
import { createBacklogMeter } from '../../host/backlog-meter';
import type { Brake } from '../../host/brakes';
import { pauseBeforeLoss } from '../../host/disk-full';
import { pumpLog } from '../../host/log-pump';
import { openLogStore } from '../../store/file-log-store';
import type { LogStore, Seal } from '../../store/log-store';
import { until } from '../helpers/until';
import { pumpDepsOn } from './fake-log-engine';
import { allLines } from './helpers';

/** An engine whose clock and log are a test's own. */
let engine: FakeEngine;
let folder: string;
let logs: LogStore;
let workers: AbortController[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trainyard-clock-'));
  logs = openLogStore(folder, { segmentBytes: 1024 * 1024 });
  engine = fakeEngine();
  workers = [];
});

afterEach(async () => {
  for (const worker of workers) worker.abort();
  await rm(folder, { recursive: true });
});

const HOUR_MS = 3_600_000;
const NOON_MS = Date.parse('2026-01-01T12:00:00Z');

interface FakeEngine {
  engine: Engine;
  /** What it keeps, oldest first. */
  records: LogRecord[];
  status: 'running' | 'exited';
  /** Its files, where they are seen. */
  files: EngineLogFiles | null;
  /** CPUs that the container was held to, or given back, without the engine. */
  limits: number[];
  /** Called before each reading. */
  onReading: (options: ReadLogsOptions) => void;
}

/** Numbered records from a time on, a microsecond from one to the next. */
function numbered(startMs: number, from: number, to: number): LogRecord[] {
  const second = new Date(startMs).toISOString().slice(0, 'YYYY-MM-DDTHH:MM:SS'.length);
  return Array.from({ length: to - from }, (_, index) => ({
    time: `${second}.${String(index + 1).padStart(6, '0')}000Z`,
    stream: 'stdout',
    data: Buffer.from(String(from + index)),
    complete: true,
  }));
}

function fakeEngine(): FakeEngine {
  const fake: FakeEngine = {
    ...{ engine: undefined!, records: [], status: 'running', files: null, limits: [] },
    onReading: () => undefined,
  };
  fake.engine = {
    info: async () => ({ time: new Date().toISOString() }),
    filesOf: async () =>
      fake.files && { log: () => fake.files, limitCpus: (cpus: number) => fake.limits.push(cpus) > 0 },
    unpauseContainer: async () => true,
    limitCpus: async () => true,
    pauseContainer: async () => true,
    inspectContainer: async () => ({
      ...{ id: 'c1', name: 'c1', labels: {}, status: fake.status, exitCode: 0, oomKilled: false, error: '' },
      ...{ startedAt: new Date(NOON_MS).toISOString(), finishedAt: null, cpus: 1, network: 'default' },
      log: { fileBytes: 16 * 1024 ** 2, maxFiles: 3, isPlain: true },
    }),
    readLogs: (_: string, options: ReadLogsOptions) => readLogs(fake, options),
  } as unknown as Engine;
  return fake;
}

/** As an engine does: nothing before the first record that is as late as `since`, and all after it. */
async function* readLogs(fake: FakeEngine, options: ReadLogsOptions): AsyncGenerator<LogRecord[]> {
  fake.onReading(options);
  const { follow, since = '', tail, signal } = options;
  let isReached = false;
  let next = tail === undefined ? 0 : Math.max(0, fake.records.length - tail);
  for (;;) {
    const records = fake.records.slice(next);
    next += records.length;
    const first: number = isReached ? 0 : records.findIndex(({ time }) => time >= since);
    isReached ||= first >= 0;
    if (isReached && records.length > 0) yield records.slice(first);
    else if (!follow || fake.status === 'exited') return;
    else await sleep(5, undefined, { signal });
  }
}

/** A worker that has just come. */
function pump({ silenceMs = 60_000 } = {}): { sealed: Promise<Seal>; die: () => Promise<void> } {
  const worker = new AbortController();
  workers.push(worker);
  const size = { fileBytes: 16 * 1024 ** 2, keptBytes: 32 * 1024 ** 2 };
  const deps = pumpDepsOn(engine.engine, folder, logs, { late: null, size, silenceMs });
  const sealed = pumpLog(deps, { runId: 'run', attempt: 1, containerId: 'c1' }, () => undefined, worker.signal);
  const ended = sealed.then(
    () => undefined,
    () => undefined,
  );
  return {
    sealed,
    die: async () => {
      worker.abort();
      await ended;
    },
  };
}

async function stored(streams: ('stdout' | 'system')[] = ['stdout']): Promise<string[]> {
  return (await allLines(logs, 'run', streams)).map(({ text }) => text);
}

const upTo = (count: number, from = 0): string[] =>
  Array.from({ length: count - from }, (_, index) => String(from + index));

async function pumpUntilStored(count: number): Promise<void> {
  const { die } = pump();
  await until(async () => (await stored()).length === count, { everyMs: 5 });
  await die();
}

describe('the log of an engine whose clock was set back', () => {
  /** Two lines are stored that were written by a clock two hours ahead; the engine has thrown them and 100 others away since. */
  const setBack = async (count: number): Promise<void> => {
    engine.records = numbered(NOON_MS + 2 * HOUR_MS, 0, 2);
    await pumpUntilStored(2);
    engine.records = numbered(NOON_MS, 102, count);
  };

  it('is stored, with a gap, of a container that has ended meanwhile', async () => {
    await setBack(1000);
    engine.status = 'exited';

    expect(await pump().sealed).toEqual({ lines: 900, gaps: 1, badBytes: 0 });
    expect(await stored()).toEqual([...upTo(2), ...upTo(1000, 102)]);
    expect((await stored(['system']))[0]).toMatch(/^gap: /);
  });

  it('is followed at once where the container runs', async () => {
    await setBack(200);
    const { sealed } = pump();
    await until(async () => (await stored()).length === 100, { everyMs: 5 });
    engine.records.push(...numbered(NOON_MS + 1000, 200, 300));
    await until(async () => (await stored()).length === 200, { everyMs: 5 });
    engine.status = 'exited';

    expect(await sealed).toEqual({ lines: 200, gaps: 1, badBytes: 0 });
  });

  it('has each line once, and one gap, however often the reading is taken up again', async () => {
    await setBack(200);
    for (let count = 200; count <= 6000; count += 1450) {
      engine.records = numbered(NOON_MS, 102, count);
      await pumpUntilStored(count - 100);
    }
    // What is stored may be thrown away.
    engine.records = numbered(NOON_MS, 102, 6100).slice(5000);
    engine.status = 'exited';

    expect(await pump().sealed).toEqual({ lines: 6000, gaps: 1, badBytes: 0 });
    expect(await stored()).toEqual([...upTo(2), ...upTo(6100, 102)]);
  });

  it('is followed anew where the place of resume is thrown away just when a follow begins there', async () => {
    const ahead = numbered(NOON_MS + 2 * HOUR_MS, 0, 2);
    engine.records = ahead;
    await pumpUntilStored(2);
    engine.records = [...ahead, ...numbered(NOON_MS, 2, 6000)];
    engine.onReading = ({ follow }) => {
      if (!follow || engine.records[0] !== ahead[0]) return;
      engine.records = [...numbered(NOON_MS, 2, 6000), ...numbered(NOON_MS + 1000, 6000, 6100)];
    };
    pump({ silenceMs: 50 });
    await until(async () => (await stored()).length === 6100, { everyMs: 5 });

    expect(await stored()).toEqual(upTo(6100));
  });
});

describe('a container that runs while the clock of its engine is set back', () => {
  const FILE_BYTES = 16 * 1024 ** 2;
  const baseMs = Math.floor(Date.now() / 1000 - 60) * 1000;
  const filesAt = (changedMs: number[], newestBytes: number, writtenBytes: number): EngineLogFiles => ({
    files: changedMs.map((ms, index) => ({ bytes: index === 0 ? newestBytes : FILE_BYTES, changedMs: ms })),
    ...{ writtenBytes, ends: [], isWhole: false, fileBytes: FILE_BYTES, maxFiles: 3 },
  });

  it('is held when it floods its log, let go when that is read, and is followed', async () => {
    let follows = 0;
    engine.onReading = ({ follow }) => void (follows += follow ? 1 : 0);
    engine.files = filesAt([baseMs + 2 * HOUR_MS], 1000, 1000);
    engine.records = numbered(baseMs + 2 * HOUR_MS, 0, 2);
    pump();
    await until(async () => (await stored()).length === 2, { everyMs: 5 });
    engine.files = filesAt([baseMs], 2000, 2000);
    engine.records.push(...numbered(baseMs, 2, 10));
    await until(async () => (await stored()).length === 10, { everyMs: 5 });
    // The step is looked up once, and not by each follow that comes by it.
    await until(() => follows === 2, { everyMs: 5 });
    expect(engine.limits).toEqual([]);

    engine.files = filesAt([baseMs + 3000, baseMs + 2000, baseMs + 1000], FILE_BYTES - 1000, 2.5 * FILE_BYTES);
    await until(() => engine.limits.length > 0, { everyMs: 5 });
    engine.records.push(...numbered(baseMs + 3000, 10, 20));
    await until(() => engine.limits.at(-1) === 1, { everyMs: 5 });
    await until(async () => (await stored()).length === 20, { everyMs: 5 });
    expect(follows).toBe(2);
  });
});

describe('a container whose log cannot be stored, after the clock of its engine was set back', () => {
  it('is paused before what is not stored is thrown away, also where its engine has nothing as late as what is', async () => {
    const acts: string[] = [];
    const brake = { level: null, engage: async (level: string) => void acts.push(level) } as unknown as Brake;
    const resume = { since: numbered(NOON_MS + HOUR_MS, 0, 1)[0]!.time, skip: 1 };
    const anchor = { stream: 'stdout' as const, textHash: 'of a line that the engine has thrown away' };
    engine.records = numbered(NOON_MS, 0, 100);
    const { signal } = new AbortController();
    const size = { fileBytes: 2000, keptBytes: 4000 };
    const meter = createBacklogMeter(Date.now);
    const input = { engine: engine.engine, containerId: 'c1', meter, brake, size, signal };

    await pauseBeforeLoss(input, { ...resume, anchor });

    expect(acts).toEqual(['pause']);
  });
});

describe('the log of an engine that has lost', () => {
  const stopAfter = async (count: number): Promise<void> => {
    engine.records = numbered(NOON_MS, 0, count);
    await pumpUntilStored(count);
    engine.status = 'exited';
  };

  it('the end of it, with the place of resume, is not stored a second time', async () => {
    await stopAfter(1000);
    engine.records = engine.records.slice(0, 500);

    expect(await pump().sealed).toEqual({ lines: 1000, gaps: 0, badBytes: 0 });
    expect(await stored()).toEqual(upTo(1000));
  });

  it('the end of it, and went on later, has what is new after a gap', async () => {
    await stopAfter(1000);
    engine.records = [...engine.records.slice(0, 500), ...numbered(NOON_MS + HOUR_MS, 1100, 1200)];

    expect(await pump().sealed).toEqual({ lines: 1100, gaps: 1, badBytes: 0 });
    expect(await stored()).toEqual([...upTo(1000), ...upTo(1200, 1100)]);
  });

  it('all of it, has a gap at its end', async () => {
    await stopAfter(10);
    engine.records = [];

    expect(await pump().sealed).toEqual({ lines: 10, gaps: 1, badBytes: 0 });
    expect((await stored(['system']))[0]).toMatch(/^gap: the engine has nothing of its log/);
  });
});
