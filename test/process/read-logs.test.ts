import { until } from '../helpers/until';
import { hostPython, never, testProcesses, text } from '../helpers/processes';

const { engine, plan, run, runToEnd, readAll, dispose } = testProcesses();

afterAll(dispose);

test('both streams come, each record with its time, in one order', async () => {
  const program = `
import signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
print("one")
signal.sigwait({signal.SIGUSR1})
print("two", file=sys.stderr)
signal.sigwait({signal.SIGUSR1})
sys.stdout.write("three")`;
  const id = await run(hostPython(program));
  const records: Awaited<ReturnType<typeof readAll>> = [];
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
  expect(times.toSorted()).toEqual(times);
});

test('the log can be taken up at any record, exactly to the nanosecond', async () => {
  const id = await run(hostPython('for i in range(200): print("line", i)'));
  const all = await readAll(id);
  expect(all.map(text)).toEqual(Array.from({ length: 200 }, (_, index) => `line ${index}`));
  expect(new Set(all.map(({ time }) => time)).size).toBe(200);
  for (const index of [0, 1, 57, 199]) {
    const since = all[index]?.time ?? '';
    expect(await readAll(id, { since, follow: false })).toEqual(all.slice(index));
  }
});

test('a line over 16 KiB comes in pieces of one time, of which only the last is complete', async () => {
  const length = 40_000;
  const id = await run(hostPython(`print("x" * ${length}); print("next")`));
  const records = await readAll(id);
  const pieces = records.slice(0, -1);
  expect(pieces.map(({ complete }) => complete)).toEqual([false, false, true]);
  expect(pieces.map(text).join('')).toBe('x'.repeat(length));
  expect(new Set(pieces.map(({ time }) => time)).size).toBe(1);
  expect(records.map(text).at(-1)).toBe('next');
});

test('only the last records come where no more are asked for, from a log far larger than any buffer, and then what is printed', async () => {
  const lines = 20_000;
  const id = await run(
    hostPython(`
import signal
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
for i in range(${lines}): print("%0100d" % i)
print("x" * 40_000)
signal.sigwait({signal.SIGUSR1})
print("end")
`),
  );
  await until(async () => (await sizes(id, 1))[0] === 7232);
  expect(await sizes(id, 4)).toEqual([100, 16_384, 16_384, 7232]);
  expect(await sizes(id, 0)).toEqual([]);
  expect((await sizes(id, 10_003)).slice(0, -3)).toEqual(Array.from({ length: 10_000 }, () => 100));
  expect(await sizes(id, 2 * lines)).toHaveLength(lines + 3);
  const seen: string[] = [];
  for await (const records of engine.readLogs(id, { follow: true, tail: 1, signal: never })) {
    seen.push(...records.map(text));
    await engine.signalContainer(id, 'SIGUSR1');
  }
  expect(seen).toEqual(['x'.repeat(7232), 'end']);
});

/** How long the last records of a log are. */
async function sizes(id: string, tail: number): Promise<number[]> {
  return (await readAll(id, { tail, follow: false })).map(({ data }) => data.length);
}

test('bytes of every kind come as they were printed', async () => {
  const print =
    'import sys; sys.stdout.buffer.write(bytes(b for b in range(256) if b != 10) + b"\\n\\n" + "🚂".encode())';
  const records = await readAll(await run(hostPython(print)));
  const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => byte !== 10));
  expect(records.map(({ data, complete }) => [data, complete])).toEqual([
    [all, true],
    [Buffer.alloc(0), true],
    [Buffer.from('🚂'), false],
  ]);
});

test('lines are followed while they are printed, and the end of the process is the end of its log', async () => {
  // It prints the next line only when it has been told that the one before was seen.
  const id = await run(
    hostPython(`
import signal
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
for i in range(3):
  print(i)
  signal.sigwait({signal.SIGUSR1})
`),
  );
  const seen: string[] = [];
  for await (const records of engine.readLogs(id, { follow: true, signal: never })) {
    seen.push(...records.map(text));
    await engine.signalContainer(id, 'SIGUSR1');
  }
  expect(seen).toEqual(['0', '1', '2']);
  expect(await engine.inspectContainer(id)).toMatchObject({ status: 'exited', exitCode: 0 });
});

test('a follow ends with the reason of its signal', async () => {
  const id = await run(['sh', '-c', 'echo ready; exec sleep 300']);
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

test('a slow consumer gets every record of a log that is far larger than any buffer, also from its middle on', async () => {
  const lines = 30_000;
  const id = await runToEnd(hostPython(`for i in range(${lines}): print("%0500d" % i)`));
  let next = 0;
  let middle = '';
  for await (const records of engine.readLogs(id, { follow: false, signal: never })) {
    await new Promise(setImmediate);
    for (const record of records) {
      if (next === lines - 10) middle = record.time;
      expect(Number(text(record))).toBe(next++);
    }
  }
  expect(next).toBe(lines);
  expect((await readAll(id, { since: middle })).map(text).map(Number)).toEqual(
    Array.from({ length: 10 }, (_, index) => lines - 10 + index),
  );
});

test('a process that was never started has an empty log', async () => {
  const { id } = await engine.createContainer(plan());
  expect(await readAll(id)).toEqual([]);
});
