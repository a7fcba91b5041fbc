import { readFile } from 'node:fs/promises';

import { until } from '../helpers/until';
import { python, testHost, type TestHost } from './helpers';

let host: TestHost;

beforeAll(async () => {
  host = await testHost();
});

afterAll(() => host.dispose());

const target = (runId: string, containerId: string, attempt = 1) => ({ runId, attempt, containerId });
const texts = async (runId: string): Promise<string[]> => (await host.lines(runId)).map(({ text }) => text);

/** A program that says `ready` and then does this, with the next `i`, whenever it is sent SIGUSR1. */
const eachTimeItIsTold = (act: string): string[] =>
  python(`
import itertools, signal
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
print("ready")
for i in itertools.count():
    signal.sigwait({signal.SIGUSR1})
    ${act}
`);

describe('the pump of a container', () => {
  it('stores what was printed, each stream marked, and seals it', async () => {
    const id = await host.runOf('both', python('import sys; print("out"); print("err", file=sys.stderr)'));
    const seal = await host.newPumps().adopt(target('both', id)).sealed;

    expect(seal).toEqual({ lines: 2, gaps: 0, badBytes: 0 });
    const lines = await host.lines('both');
    expect(lines.map(({ stream, text }) => `${stream} ${text}`).toSorted()).toEqual(['stderr err', 'stdout out']);
  });

  it('seals a container that printed nothing', async () => {
    const id = await host.runOf('silent', ['true']);
    expect(await host.newPumps().adopt(target('silent', id)).sealed).toEqual({ lines: 0, gaps: 0, badBytes: 0 });
  });

  it('keeps odd bytes: emoji, NUL, carriage returns, no UTF-8, and a last line that never ended', async () => {
    const id = await host.runOf(
      'odd',
      python(String.raw`
import os
os.write(1, "\U0001F642 ok\n".encode() + b"nul\0here\n10%\r20%\r\nbad \xff\xfe!\n\n" + b"never ended")`),
    );
    const seal = await host.newPumps().adopt(target('odd', id)).sealed;

    expect(seal).toEqual({ lines: 6, gaps: 0, badBytes: 2 });
    expect(await texts('odd')).toEqual([
      '\u{1F642} ok',
      'nul\0here',
      '10%\r20%\r',
      'bad \uFFFD\uFFFD!',
      '',
      'never ended',
    ]);
  });

  it('stores a line of 5 MB in parts, and says so', async () => {
    const id = await host.runOf('huge', python('import sys; sys.stdout.write("x" * 5_000_000); print(); print("end")'));
    await host.newPumps().adopt(target('huge', id)).sealed;

    const stored = await texts('huge');
    expect(stored.slice(0, -1).map(({ length }) => length)).toEqual([...Array(4).fill(1_048_576), 805_696]);
    expect(stored.at(-1)).toBe('end');
    const notes = await host.lines('huge', ['system']);
    expect(notes[0]?.text).toContain('longer than 1048576 bytes');
  });

  it('shows a line in the live file within 300 ms of its printing', async () => {
    const id = await host.runOf('live', eachTimeItIsTold('print(f"line {i}")'));
    host.newPumps().adopt(target('live', id));
    const live = (): Promise<string> => readFile(host.logs.pathOf('live'), 'utf8');
    await until(async () => (await live()).includes('ready'));
    /** How long line `i` takes; the machine may stand still over one, so it is for a row of them. */
    const delayOf = async (i: number): Promise<number> => {
      await host.engine.signalContainer(id, 'SIGUSR1');
      await until(async () => (await live()).includes(`line ${i}\n`), { everyMs: 2 });
      const seenAt = Date.now();
      return seenAt - Date.parse((await host.lines('live')).at(-1)!.time);
    };
    let inTime = 0;
    for (let i = 0; i < 30 && inTime < 5; i += 1) inTime = (await delayOf(i)) < 300 ? inTime + 1 : 0;

    expect(inTime).toBe(5);
    await host.engine.removeContainer(id);
  });

  it('records a gap where the container is removed before its log is read', async () => {
    const id = await host.runOf('removed', python('print("lost")'));
    await host.engine.removeContainer(id);
    const seal = await host.newPumps().adopt(target('removed', id)).sealed;

    expect(seal).toEqual({ lines: 0, gaps: 1, badBytes: 0 });
    const [note] = await host.lines('removed', ['system']);
    expect(note?.text).toBe('gap: the container was removed before its log was read to the end');
  });

  it('gives the seal again, and stores nothing twice, when a sealed container is taken up once more', async () => {
    const id = await host.runOf('again', python('print("once")'));
    const first = await host.newPumps().adopt(target('again', id)).sealed;
    const second = await host.newPumps().adopt(target('again', id)).sealed;

    expect(second).toEqual(first);
    expect(await texts('again')).toEqual(['once']);
  });
});

describe('the pumps of a host', () => {
  it('take up all containers of the host at the start, and no others', async () => {
    const id = await host.runOf('own', python('print("mine")'));
    await host.runOf('foreign', python('print("not mine")'), { labels: { 'trainyard.host': 'another' } });
    const pumps = host.newPumps();
    await pumps.start();

    await pumps.adopt(target('own', id)).sealed;
    expect(await texts('own')).toEqual(['mine']);
    expect(await host.logs.size('foreign')).toBeNull();
  });

  it('store one attempt of a run after the other, though both are taken up at once', async () => {
    const first = await host.runOf('two', python('import time; print("first"); time.sleep(1); print("still first")'));
    const second = await host.runOf('two', python('print("second")'), { labels: { 'trainyard.attempt': '2' } });
    const pumps = host.newPumps();
    await Promise.all([pumps.adopt(target('two', first)).sealed, pumps.adopt(target('two', second, 2)).sealed]);

    expect(await texts('two')).toEqual(['first', 'still first', 'second']);
  });

  it('stop at once and leave the container running; the next ones go on where these were', async () => {
    // It does not end before it is told to, however late the last of the pumps comes.
    const print = `
import signal, time
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
for i in range(400):
    if i == 300: signal.sigwait({signal.SIGUSR1})
    print(i)
    time.sleep(0.005)
`;
    const id = await host.runOf('handover', python(print));
    for (const lines of [20, 100, 200]) {
      const pumps = host.newPumps();
      const { sealed } = pumps.adopt(target('handover', id));
      await until(async () => ((await host.logs.size('handover'))?.lines ?? 0) >= lines, { everyMs: 5 });
      await pumps.stop();
      await expect(sealed).rejects.toThrow('stopping');
    }
    expect((await host.engine.inspectContainer(id))?.status).toBe('running');
    await host.engine.signalContainer(id, 'SIGUSR1');

    const seal = await host.newPumps().adopt(target('handover', id)).sealed;
    expect(seal).toEqual({ lines: 400, gaps: 0, badBytes: 0 });
    expect(await texts('handover')).toEqual(Array.from({ length: 400 }, (_, index) => String(index)));
  });
});
