import type { LateLogOwner } from '../../store/late-log-store';
import type { NewLogLine } from '../../store/log-store';
import { until } from '../helpers/until';
import { python, testHost, type TestHost } from './helpers';

let host: TestHost;

beforeEach(async () => {
  host = await testHost();
});

afterEach(() => host.dispose());

const { signal } = new AbortController();
const target = (containerId: string): LateLogOwner => ({ runId: 'run', attempt: 1, containerId });
const texts = async (attempt: number): Promise<string[]> => {
  const found: string[] = [];
  for await (const lines of host.logs.read('run', { attempt })) found.push(...lines.map(({ text }) => text));
  return found;
};
const upTo = (count: number): string[] => Array.from({ length: count }, (_, index) => String(index));
const ended = (id: string): Promise<unknown> =>
  until(async () => (await host.engine.inspectContainer(id))?.status === 'exited');

/** Prints this, and the rest when it is told that its host was lost. */
const printing = (first: string, rest: string): string[] =>
  python(`
import signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
${first}
sys.stdout.flush()
signal.sigwait({signal.SIGUSR1})
${rest}
`);

/** An attempt of which a host has stored the first lines when it was lost, while its container went on to 200. */
async function lostAttempt(): Promise<string> {
  const id = await host.runOf('run', printing('for i in range(50): print(i)', 'for i in range(50, 200): print(i)'));
  const pumps = host.newPumps();
  pumps.adopt(target(id)).sealed.catch(() => undefined);
  await until(async () => (await texts(1)).length > 20, { everyMs: 5 });
  await pumps.stop();
  await host.engine.signalContainer(id, 'SIGUSR1');
  await ended(id);
  return id;
}

/** The next attempt, written by somebody else while `body` runs. */
async function whileNextIsWritten(body: () => Promise<void>): Promise<void> {
  const writer = await host.logs.openWriter('run', 2);
  await writer.append([{ time: '2026-11-24T03:42:31.123456789Z', stream: 'stdout', text: 'second' }]);
  await body();
  await writer.seal({ gaps: 0, badBytes: 0 });
  await writer.close();
}

async function sealOf(attempt: number) {
  const writer = await host.logs.openWriter('run', attempt);
  await writer.close();
  return writer.sealed;
}

describe('the log of a container that must go while its run is written by somebody else', () => {
  it('is kept, waits, and is brought into the log of the run: each line once and in order', async () => {
    const id = await lostAttempt();
    const { late } = host.newPumps();

    await whileNextIsWritten(async () => {
      expect(await late.rescue(target(id), signal)).toEqual({ lines: 200, gaps: 0, badBytes: 0 });
      await host.engine.removeContainer(id);
      expect(await late.merge()).toEqual({ merged: [], waiting: [target(id)] });
    });

    expect(await late.merge()).toEqual({ merged: [target(id)], waiting: [] });
    expect(await texts(1)).toEqual(upTo(200));
    expect(await texts(2)).toEqual(['second']);
    expect(await sealOf(1)).toEqual({ lines: 200, gaps: 0, badBytes: 0 });
    expect(await host.lateLogs.list()).toEqual([]);
    expect(await late.merge()).toEqual({ merged: [], waiting: [] });
  });

  it('is taken from the copy by a pump that finds its container gone', async () => {
    const id = await lostAttempt();
    const pumps = host.newPumps();
    let sealed: Promise<unknown> | undefined;

    await whileNextIsWritten(async () => {
      sealed = pumps.adopt(target(id)).sealed;
      await pumps.late.rescue(target(id), signal);
      await host.engine.removeContainer(id);
    });

    expect(await sealed).toEqual({ lines: 200, gaps: 0, badBytes: 0 });
    expect(await texts(1)).toEqual(upTo(200));
    await pumps.late.merge();
    expect(await host.lateLogs.list()).toEqual([]);
    expect(await texts(1)).toEqual(upTo(200));
  });

  it('is taken as far as it was copied, with a gap, where the container was removed before its copy was whole', async () => {
    const id = await lostAttempt();
    const all: NewLogLine[] = [];
    for await (const records of host.engine.readLogs(id, { follow: false, signal })) {
      all.push(...records.map(({ time, stream, data }) => ({ time, stream, text: data.toString() })));
    }
    const copying = await (await host.lateLogs.open(target(id))).openWriter('run', 1);
    await copying.append(all.slice(0, 150));
    await copying.close();
    await host.engine.removeContainer(id);

    expect(await host.newPumps().adopt(target(id)).sealed).toEqual({ lines: 150, gaps: 1, badBytes: 0 });
    expect(await texts(1)).toEqual(upTo(150));
  });

  it('is brought in once, wherever that was cut off', async () => {
    const id = await lostAttempt();
    const { late } = host.newPumps();
    await late.rescue(target(id), signal);
    const stored = (await texts(1)).length;
    const copy = await host.lateLogs.find(id);
    // As a process leaves it that dies in the middle of a merge.
    const writer = await host.logs.openWriter('run', 1);
    for await (const lines of copy!.read('run', {})) {
      await writer.append(lines.slice(stored, stored + 30).map(({ time, stream, text }) => ({ time, stream, text })));
    }
    await writer.close();

    await late.merge();

    expect(await texts(1)).toEqual(upTo(200));
    expect(await sealOf(1)).toEqual({ lines: 200, gaps: 0, badBytes: 0 });
  });

  it('tells of a line in parts, once, and of what the engine had thrown away', async () => {
    const small = { log: { maxSizeBytes: 200_000, maxFiles: 2 } };
    const rest = 'for i in range(5000): print(i, "x" * 400)\nsys.stdout.write("y" * 1_200_000 + "\\n")';
    const print = printing('print("first")', rest);
    const id = await host.runOf('run', print, { log: { ...small.log, maxSizeBytes: 1_500_000 } });
    const before = host.newPumps();
    before.adopt(target(id)).sealed.catch(() => undefined);
    await until(async () => (await texts(1)).length === 1, { everyMs: 5 });
    await before.stop();
    await host.engine.signalContainer(id, 'SIGUSR1');
    await ended(id);
    const { late } = host.newPumps();
    await late.rescue(target(id), signal);
    await late.merge();

    expect((await sealOf(1))?.gaps).toBe(1);
    const notes = (await host.lines('run', ['system'])).map(({ text }) => text.slice(0, 12));
    expect(notes.filter((text) => !text.startsWith('continued')).map((text) => text.slice(0, 6))).toEqual([
      'gap: l',
      'the li',
      'sealed',
    ]);
    const lengths = (await texts(1)).slice(-2).map(({ length }) => length);
    expect(lengths).toEqual([1_048_576, 1_200_000 - 1_048_576]);
  });

  it('waits while its copy is not whole', async () => {
    await host.lateLogs.open(target('abc'));

    expect(await host.newPumps().late.merge()).toEqual({ merged: [], waiting: [target('abc')] });

    expect(await host.lateLogs.list()).toEqual([target('abc')]);
  });
});
