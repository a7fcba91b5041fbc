import type { LogRecord, ReadLogsOptions } from '../../docker/engine';
import { NotFoundError } from '../../docker/errors';
import { until } from '../helpers/until';
import { testEngine } from '../helpers/engine';

const { engine, run, dispose } = testEngine();
const never = new AbortController().signal;

afterAll(dispose);

async function readAll(id: string, options: Partial<ReadLogsOptions> = {}): Promise<LogRecord[]> {
  const all: LogRecord[] = [];
  for await (const records of engine.readLogs(id, { follow: true, signal: never, ...options })) all.push(...records);
  return all;
}

const text = ({ data }: LogRecord): string => data.toString('utf8');

test('both streams come, each record with its time, in the order of the engine', async () => {
  // An engine that lacks processors tells two streams apart by nothing but that it was done with one before the other.
  const program = `
import signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
print("one", flush=True)
signal.sigwait({signal.SIGUSR1})
print("two", file=sys.stderr, flush=True)
signal.sigwait({signal.SIGUSR1})
print("three", end="")`;
  const id = await run(['python3', '-c', program]);
  const records: LogRecord[] = [];
  for await (const some of engine.readLogs(id, { follow: true, signal: never })) {
    records.push(...some);
    if (records.length < 3) await engine.signalContainer(id, 'SIGUSR1');
  }
  expect(records.map((record) => [record.stream, text(record), record.complete])).toEqual([
    ['stdout', 'one', true],
    ['stderr', 'two', true],
    ['stdout', 'three', false],
  ]);
  const times = records.map(({ time }) => time);
  for (const time of times) expect(time).toMatch(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{9}Z$/);
  expect([...times].sort()).toEqual(times);
});

test('the log can be taken up at any record, exactly to the nanosecond', async () => {
  const id = await run(['python3', '-c', 'for i in range(200): print("line", i, flush=True)']);
  const all = await readAll(id);
  expect(all.map(text)).toEqual(Array.from({ length: 200 }, (_, index) => `line ${index}`));
  for (const index of [0, 1, 57, 199]) {
    const since = all[index]?.time ?? '';
    const resumed = await readAll(id, { since, follow: false });
    expect(resumed).toEqual(all.filter(({ time }) => time >= since));
  }
});

test('a line over 16 KiB comes in pieces, of which only the last is complete', async () => {
  const length = 40_000;
  const id = await run(['python3', '-c', `print("x" * ${length}); print("next")`]);
  const records = await readAll(id);
  const pieces = records.slice(0, -1);
  expect(pieces.map(({ complete }) => complete)).toEqual([false, false, true]);
  expect(pieces.map(text).join('')).toBe('x'.repeat(length));
  expect(records.at(-1)).toMatchObject({ complete: true });
  expect(records.map(text).at(-1)).toBe('next');
});

test('lines are followed while they are printed, and the end of the container is the end of its log', async () => {
  // It prints the next line only when it has been told that the one before was seen.
  const script = 'import signal\nfor i in range(3):\n  print(i, flush=True)\n  signal.sigwait({signal.SIGUSR1})';
  const id = await run([
    'python3',
    '-c',
    `import signal; signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})\n${script}`,
  ]);
  const seen: string[] = [];
  for await (const records of engine.readLogs(id, { follow: true, signal: never })) {
    seen.push(...records.map(text));
    await engine.signalContainer(id, 'SIGUSR1');
  }
  expect(seen).toEqual(['0', '1', '2']);
  expect(await engine.inspectContainer(id)).toMatchObject({ status: 'exited', exitCode: 0 });
});

test('a follow ends with the reason of its signal', async () => {
  const id = await run(['sh', '-c', 'echo ready; exec sleep 30']);
  const stop = new AbortController();
  const reason = new Error('enough');
  const following = (async () => {
    for await (const records of engine.readLogs(id, { follow: true, signal: stop.signal })) {
      expect(records.map(text)).toEqual(['ready']);
      stop.abort(reason);
    }
  })();
  await expect(following).rejects.toBe(reason);
  await expect(readAll(id, { signal: stop.signal })).rejects.toBe(reason);
});

test('a slow consumer gets every record of a log that is far larger than any buffer', async () => {
  const lines = 20_000;
  const id = await run(['python3', '-c', `for i in range(${lines}): print("%0500d" % i)`], {
    log: { maxSizeBytes: 64 * 1024 ** 2, maxFiles: 2 },
  });
  await engine.waitContainer(id, never);
  let next = 0;
  let largest = 0;
  for await (const records of engine.readLogs(id, { follow: false, signal: never })) {
    await new Promise(setImmediate);
    largest = Math.max(largest, records.length);
    for (const record of records) expect(Number(text(record))).toBe(next++);
  }
  expect(next).toBe(lines);
  // Each batch is one read of a stream whose buffer is bounded, however large the log is.
  expect(largest).toBeLessThan(lines / 10);
});

test('a container that is not there has no log', async () => {
  await expect(readAll('trainyard-no-such-container')).rejects.toThrow(NotFoundError);
});

test('a tail is the last records there are, and a follow of it goes on with what comes', async () => {
  const id = await run([
    'sh',
    '-c',
    'for i in 1 2 3 4; do echo $i; done; trap "echo 5; exit" USR1; echo ready; sleep 30 & wait',
  ]);
  const read = async (follow: boolean, tail: number): Promise<string[]> => {
    const seen: string[] = [];
    for await (const records of engine.readLogs(id, { follow, tail, signal: never })) {
      seen.push(...records.map(text));
      if (follow && seen.length === tail) await engine.signalContainer(id, 'SIGUSR1');
    }
    return seen;
  };
  await until(async () => (await read(false, 1))[0] === 'ready');

  expect(await read(false, 2)).toEqual(['4', 'ready']);
  expect(await read(true, 2)).toEqual(['4', 'ready', '5']);
});
