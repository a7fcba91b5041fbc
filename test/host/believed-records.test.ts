import { setImmediate as turn } from 'node:timers/promises';

import type { LogRecord } from '../../docker/engine';
import { believedRecords, LOOK_EVERY_MS } from '../../host/believed-records';

const START_MS = Date.parse('2026-01-01T00:00:00Z');

beforeEach(() => jest.useFakeTimers({ now: START_MS, doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] }));
afterEach(() => jest.useRealTimers());

const record = (number: number): LogRecord => ({
  time: new Date(START_MS + number).toISOString().replace('Z', '000000Z'),
  stream: 'stdout',
  data: Buffer.from(String(number)),
  complete: true,
});
const upTo = (count: number): number[] => Array.from({ length: count }, (_, number) => number);
const numbersOf = (records: readonly LogRecord[]): number[] => records.map(({ data }) => Number(data.toString()));

/**
 * An engine's log of numbered records, and a follow of it, by a clock that the test sets. Every read is doubtful unless the test says
 * otherwise.
 */
function followed({ isDoubtful = (): boolean => true, lookMs = 0, failAfterLooks = Number.POSITIVE_INFINITY } = {}) {
  const log: LogRecord[] = [];
  const sent: (LogRecord[] | null)[] = [];
  const told = { read: 0, looks: [] as number[], believed: [] as number[], isOver: false, isLeftOut: false };
  let wake = (): void => undefined;
  const source = async function* (): AsyncGenerator<LogRecord[]> {
    for (;;) {
      const records = sent.shift();
      if (records === null) return;
      if (records !== undefined) yield records;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  };
  const look = async (tail: number): Promise<LogRecord[]> => {
    told.looks.push(Date.now() - START_MS);
    if (told.looks.length > failAfterLooks) throw new Error('the engine is away');
    const seen = log.slice(-tail);
    if (lookMs > 0) await new Promise((resolve) => setTimeout(resolve, lookMs));
    return seen;
  };
  const arrive = (): boolean => {
    told.read += 1;
    return isDoubtful();
  };
  const reading = (async () => {
    for await (const records of believedRecords(source(), { arrive, look })) {
      if (records === null) told.isLeftOut = true;
      else told.believed.push(...numbersOf(records));
    }
    told.isOver = true;
  })();
  const send = async (records: LogRecord[] | null): Promise<void> => {
    sent.push(records);
    wake();
    await settle();
  };
  return {
    told,
    reading,
    write: (...numbers: number[]) => void log.push(...numbers.map(record)),
    bring: (...numbers: number[]) => send(numbers.map(record)),
    /** Both. */
    print: (...numbers: number[]) => {
      log.push(...numbers.map(record));
      return send(numbers.map(record));
    },
    end: () => send(null),
  };
}

/** Lets everything happen that needs no time. */
async function settle(): Promise<void> {
  for (let turns = 0; turns < 20; turns += 1) await turn();
}

async function pass(ms: number): Promise<void> {
  await jest.advanceTimersByTimeAsync(ms);
  await settle();
}

describe('what a follow brings', () => {
  it('is passed on without a look where there is no doubt', async () => {
    const { told, print } = followed({ isDoubtful: () => false });
    await print(1, 2);
    await print(3);
    expect(told).toMatchObject({ believed: [1, 2, 3], looks: [] });
  });

  it('is passed on after a look that shows it in a row', async () => {
    const { told, print } = followed();
    await print(1, 2);
    expect(told).toMatchObject({ believed: [1, 2], looks: [0], isLeftOut: false });
  });

  it('is not where the log has more between the last that was passed on and the next', async () => {
    const { told, print, write, reading } = followed();
    await print(1);
    write(2, 3);
    await pass(LOOK_EVERY_MS);
    await print(4);
    await reading;
    expect(told).toMatchObject({ believed: [1], isLeftOut: true });
  });

  it('is not where the log has more between two that came together', async () => {
    const { told, bring, write, reading } = followed();
    write(1, 2, 3);
    await bring(1, 3);
    await reading;
    expect(told).toMatchObject({ believed: [], isLeftOut: true });
  });

  it('is not where the look does not reach back to it', async () => {
    const { told, bring, write, reading } = followed();
    write(...upTo(10_000));
    await bring(0);
    await reading;
    expect(told.isLeftOut).toBe(true);
  });

  it('is looked for once more, further back, where much has come since', async () => {
    const { told, bring, write } = followed();
    write(...upTo(100));
    await bring(0);
    expect(told).toMatchObject({ believed: [0], looks: [0, 0] });
  });
});

describe('a container that prints a line now and then', () => {
  it('costs a look a second, and no line waits longer', async () => {
    const { told, print } = followed();
    for (let number = 0; number < 200; number += 1) {
      await print(number);
      await pass(50);
      expect(number - told.believed.length).toBeLessThanOrEqual(LOOK_EVERY_MS / 50);
    }
    await pass(LOOK_EVERY_MS);
    expect(told.believed).toEqual(upTo(200));
    expect(told.looks.length).toBeLessThanOrEqual((200 * 50) / LOOK_EVERY_MS + 1);
  });

  it('has its line passed on at once after a quiet second', async () => {
    const { told, print } = followed();
    for (const number of [1, 2, 3]) {
      await print(number);
      expect(told.believed.at(-1)).toBe(number);
      await pass(LOOK_EVERY_MS);
    }
  });
});

it('reads on, within bounds, while it waits for a look', async () => {
  const { told, print } = followed({ lookMs: 500 });
  for (let number = 0; number < 200; number += 1) await print(number);
  expect(told.read).toBeGreaterThan(10);
  expect(told.read).toBeLessThan(100);
  expect(told.believed).toEqual([]);
  await pass(500);
  expect(told.believed.length).toBeGreaterThan(0);
});

it('leaves what is in doubt at the end of a follow to a reading without', async () => {
  const { told, print, end, reading } = followed();
  await print(1);
  await print(2);
  await end();
  await reading;
  expect(told).toMatchObject({ believed: [1], isOver: true, isLeftOut: false });
});

it('ends with what a look fails with, told to its reader alone, also while as much is held as can be', async () => {
  const unhandled: unknown[] = [];
  const onUnhandled = (error: unknown): void => void unhandled.push(error);
  process.on('unhandledRejection', onUnhandled);
  const { print, reading } = followed({ lookMs: 500, failAfterLooks: 1 });
  const failed = expect(reading).rejects.toThrow('the engine is away');
  for (let number = 0; number < 200; number += 1) await print(number);
  await pass(500);
  await pass(LOOK_EVERY_MS);
  await failed;
  await settle();
  process.off('unhandledRejection', onUnhandled);
  expect(unhandled).toEqual([]);
});
