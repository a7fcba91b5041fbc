import { until } from '../helpers/until';
import { python, testHost, type TestHost } from './helpers';

/** The engine keeps two files of 100 kB: what is not read in time is gone. */
const SMALL_LOG = { log: { maxSizeBytes: 100_000, maxFiles: 2 } };

let host: TestHost;

beforeAll(async () => {
  host = await testHost();
});

afterAll(() => host.dispose());

const target = (runId: string, containerId: string) => ({ runId, attempt: 1, containerId });
const numbers = async (runId: string): Promise<number[]> =>
  (await host.lines(runId)).map(({ text }) => parseInt(text, 10));
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe("rotation of the engine's own log", () => {
  it('loses nothing while the pump keeps up', async () => {
    const id = await host.runOf('slow', inBursts({ lines: 1000, burst: 100, bytes: 400 }), SMALL_LOG);
    const { sealed } = host.newPumps().adopt(target('slow', id));
    await letGoOn(id, 'slow', { lines: 1000, burst: 100 });
    const seal = await sealed;

    expect(seal).toEqual({ lines: 1000, gaps: 0, badBytes: 0 });
    expect(await numbers('slow')).toEqual(upTo(1000));
  });

  it('records a gap where lines were thrown away while no pump was there, and goes on after it', async () => {
    const id = await host.runOf(
      'away',
      python(`
import signal
print("0 first")
signal.signal(signal.SIGUSR1, lambda *_: None)
signal.pause()
for i in range(1, 2000): print(i, "x" * 400)
signal.pause()
print("2000 last")
`),
      SMALL_LOG,
    );
    const before = host.newPumps();
    before.adopt(target('away', id));
    await until(async () => (await numbers('away')).length === 1);
    await before.stop();
    await host.engine.signalContainer(id, 'SIGUSR1');
    await until(async () => (await engineNumbers(id)).at(-1) === 1999);
    const after = host.newPumps();
    const { sealed } = after.adopt(target('away', id));
    await until(async () => (await numbers('away')).at(-1) === 1999);
    await host.engine.signalContainer(id, 'SIGUSR1');
    const seal = await sealed;

    const stored = await numbers('away');
    expect(seal).toEqual({ lines: stored.length, gaps: 1, badBytes: 0 });
    expect(stored[0]).toBe(0);
    expect(stored.slice(1)).toEqual(upTo(2001).slice(stored[1]));
    expect(stored[1]).toBeGreaterThan(1);
    const notes = await host.lines('away', ['system']);
    expect(notes[0]?.text).toMatch(/^gap: lines between .*Z and .*Z are missing/);
  });

  it('stores no line twice where what the engine has kept begins in the middle of one', async () => {
    const id = await host.runOf('pieces', inBursts({ lines: 40, burst: 1, bytes: 40_000 }), SMALL_LOG);
    const before = host.newPumps();
    before.adopt(target('pieces', id));
    await letGoOn(id, 'pieces', { lines: 39, burst: 1 });
    await until(async () => (await numbers('pieces')).at(-1) === 39);
    await before.stop();
    expect((await engineNumbers(id))[0]).toBeNaN();
    const { sealed } = host.newPumps().adopt(target('pieces', id));
    await host.engine.signalContainer(id, 'SIGUSR1');
    const seal = await sealed;

    expect(await numbers('pieces')).toEqual(upTo(40));
    expect(seal).toEqual({ lines: 40, gaps: 0, badBytes: 0 });
  });

  it('says nothing of a gap where all that was thrown away is stored', async () => {
    const id = await host.runOf('stored', inBursts({ lines: 1000, burst: 100, bytes: 400 }), SMALL_LOG);
    const before = host.newPumps();
    before.adopt(target('stored', id));
    await letGoOn(id, 'stored', { lines: 900, burst: 100 });
    await until(async () => (await numbers('stored')).at(-1) === 999);
    await before.stop();
    const { sealed } = host.newPumps().adopt(target('stored', id));
    await host.engine.signalContainer(id, 'SIGUSR1');
    const seal = await sealed;

    expect(seal).toEqual({ lines: 1000, gaps: 0, badBytes: 0 });
  });

  it('never loses a line of a torrent without saying so', async () => {
    const program = python(`
import signal
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
print(0)
signal.sigwait({signal.SIGUSR1})
for i in range(1, 100000): print(i, "x" * 80)
`);
    const id = await host.runOf('torrent', program, { log: { maxSizeBytes: 1_000_000, maxFiles: 3 } });
    const { sealed } = host.newPumps().adopt(target('torrent', id));
    // Else nobody could tell whether its beginning was thrown away.
    await until(async () => (await numbers('torrent')).length === 1);
    await host.engine.signalContainer(id, 'SIGUSR1');
    const seal = await sealed;

    const stored = await numbers('torrent');
    const jumps = stored.filter((number, index) => number !== (stored[index - 1] ?? -1) + 1).length;
    expect(seal.gaps).toBe(jumps);
    expect(stored.at(-1)).toBe(99_999);
    expect(stored).toEqual(stored.toSorted((one, other) => one - other));
  });
});

/** Prints numbered lines, and waits after each burst of them until it is told to go on. */
const inBursts = ({ lines, burst, bytes }: { lines: number; burst: number; bytes: number }): string[] =>
  python(`
import signal
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
for i in range(${lines}):
    print(i, "x" * ${bytes})
    if i % ${burst} == ${burst - 1}: signal.sigwait({signal.SIGUSR1})
`);

/**
 * Lets a program of bursts print on as soon as what it has printed is stored: however busy the machine is, the pump
 * comes before the lines are thrown away.
 */
async function letGoOn(id: string, runId: string, { lines, burst }: { lines: number; burst: number }): Promise<void> {
  for (let last = burst - 1; last < lines; last += burst) {
    await until(async () => (await numbers(runId)).at(-1) === last);
    expect(await host.engine.signalContainer(id, 'SIGUSR1')).toBe(true);
  }
}

async function engineNumbers(id: string): Promise<number[]> {
  const found: number[] = [];
  const { signal } = new AbortController();
  for await (const records of host.engine.readLogs(id, { follow: false, signal })) {
    found.push(...records.map(({ data }) => parseInt(data.toString(), 10)));
  }
  return found;
}
