import type { EngineLogFile } from '../../docker/container-files';
import type { Brake, BrakeLevel } from '../../host/brakes';
import { watchFlood } from '../../host/flood-watch';

const FILE_BYTES = 16_000_000;
const MEGABYTE = 1_000_000;
const HOUR_MS = 3_600_000;
const START_MS = Date.parse('2026-01-01T00:00:00Z');

beforeEach(() => jest.useFakeTimers({ now: START_MS }));
afterEach(() => jest.useRealTimers());

/** A container whose log is in files of a test's own, read up to a moment, with a brake that is seen. */
function watched({ canHold = true } = {}) {
  const files: EngineLogFile[] = [{ bytes: 0, changedMs: START_MS }];
  const seen = {
    level: null as BrakeLevel | null,
    engagedAt: null as number | null,
    readUpToMs: 0,
    acts: [] as string[],
    /** When the file before the newest was filled. */
    endedMs: () => files[1]!.changedMs,
  };
  const set = (act: string, level: BrakeLevel | null): void => {
    Object.assign(seen, { level, engagedAt: level && Date.now() });
    seen.acts.push(act);
  };
  const brake = {
    get level() {
      return seen.level;
    },
    get engagedAt() {
      return seen.engagedAt;
    },
    isBusy: false,
    hold: () => {
      if (canHold) set('hold', 'slow');
      return canHold;
    },
    engage: async (level: BrakeLevel) => set(level, level),
    release: async () => set('release', null),
  } satisfies Brake;
  /** The engine writes into its newest file, and begins another when that is full. */
  const write = (bytes: number): void => {
    const newest = files[0]!;
    Object.assign(newest, { bytes: newest.bytes + bytes, changedMs: Date.now() });
    if (newest.bytes >= FILE_BYTES) files.unshift({ bytes: 0, changedMs: Date.now() });
  };
  const log = () => ({
    files: files.slice(0, 3),
    writtenBytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    isWhole: true,
    ends: [],
    fileBytes: FILE_BYTES,
    maxFiles: 3,
  });
  const watch = watchFlood({
    files: { log, limitCpus: () => canHold },
    brake,
    cpus: 1,
    startedMs: START_MS,
    readUpToMs: () => seen.readUpToMs,
    mustWait: () => false,
    onSlowed: () => undefined,
    onFailure: (error) => {
      throw error;
    },
  });
  /** Time goes by, in which the container prints so much each 10 ms. */
  const goOn = async (ms: number, bytes: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 10) {
      write(bytes);
      await jest.advanceTimersByTimeAsync(10);
    }
  };
  return { seen, goOn, close: () => watch.close() };
}

describe('watchFlood', () => {
  it('holds a container before its engine throws away what nobody has read', async () => {
    const { seen, goOn, close } = watched();
    await goOn(300, 0.5 * MEGABYTE);
    expect(seen.acts).toEqual([]);
    await goOn(150, 0.5 * MEGABYTE);
    expect(seen.acts).toEqual(['hold']);
    close();
  });

  it('lets it go as soon as what is read reaches into the newest file', async () => {
    const { seen, goOn, close } = watched();
    await goOn(400, 0.5 * MEGABYTE);
    await goOn(200, 0);
    expect(seen.acts).toEqual(['hold']);
    seen.readUpToMs = Date.now();
    await goOn(100, 0);
    expect(seen.acts).toEqual(['hold', 'release']);
    close();
  });

  it('lets it go where the newest record is of the millisecond in which the file before ended', async () => {
    const { seen, goOn, close } = watched();
    await goOn(400, 0.5 * MEGABYTE);
    await goOn(200, 0);
    expect(seen.acts).toEqual(['hold']);
    // The times of files have parts of a millisecond, those of records are cut.
    seen.readUpToMs = seen.endedMs() - 0.7;
    await goOn(100, 0);
    expect(seen.acts).toEqual(['hold', 'release']);
    close();
  });

  it('pauses it where it prints on nevertheless', async () => {
    const { seen, goOn, close } = watched();
    await goOn(400, 0.5 * MEGABYTE);
    await goOn(400, 0.2 * MEGABYTE);
    expect(seen.acts).toEqual(['hold', 'pause']);
    close();
  });

  it('asks the engine to slow it down where this process may not', async () => {
    const { seen, goOn, close } = watched({ canHold: false });
    await goOn(400, 0.5 * MEGABYTE);
    expect(seen.acts).toEqual(['slow']);
    close();
  });

  it('holds a container of a flood that comes after the clock was set back, until it is read', async () => {
    const { seen, goOn, close } = watched();
    seen.readUpToMs = START_MS + HOUR_MS;
    await goOn(450, 0.5 * MEGABYTE);
    expect(seen.acts).toEqual(['hold']);
    seen.readUpToMs = Date.now();
    await goOn(100, 0);
    expect(seen.acts).toEqual(['hold', 'release']);
    close();
  });

  it('lets it go where files from before are left, and the engine was late to write what was read last', async () => {
    const { seen, goOn, close } = watched();
    await goOn(160, 1 * MEGABYTE);
    seen.readUpToMs = Date.now();
    expect(seen.acts).toEqual([]);
    jest.setSystemTime(START_MS - HOUR_MS);
    await goOn(200, 0.5 * MEGABYTE);
    expect(seen.acts).toEqual(['hold']);
    seen.readUpToMs = Date.now() - 30;
    await goOn(50, 0);
    expect(seen.acts).toEqual(['hold', 'release']);
    close();
  });

  it('goes by the files from after the clock was set back as soon as there are some', async () => {
    const { seen, goOn, close } = watched();
    await goOn(40, 0.5 * MEGABYTE);
    jest.setSystemTime(START_MS - HOUR_MS);
    for (let times = 0; times < 200; times += 1) {
      await goOn(20, 0.3 * MEGABYTE);
      seen.readUpToMs = Date.now() - 5;
      if (times === 100) seen.acts = [];
    }
    expect(seen.acts).toEqual([]);
    await goOn(600, 0.5 * MEGABYTE);
    expect(seen.acts[0]).toBe('hold');
    close();
  });

  it('leaves alone a container that is read as it prints, however much that is', async () => {
    const { seen, goOn, close } = watched();
    for (let times = 0; times < 100; times += 1) {
      await goOn(20, 0.3 * MEGABYTE);
      seen.readUpToMs = Date.now() - 5;
    }
    expect(seen.acts).toEqual([]);
    close();
  });

  it('leaves alone a container that prints modestly, although its log is behind by two files', async () => {
    const { seen, goOn, close } = watched();
    await goOn(20_000, 0.018 * MEGABYTE);
    expect(seen.acts).toEqual([]);
    close();
  });
});
