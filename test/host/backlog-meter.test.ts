import type { LogRecord } from '../../docker/engine';
import { createBacklogMeter, mostEngineBytes, RECORD_OVERHEAD_BYTES } from '../../host/backlog-meter';

const START_MS = Date.parse('2026-01-01T00:00:00Z');
const RECORD_BYTES = 20 + RECORD_OVERHEAD_BYTES;

/** Milliseconds with fractions since the start, as the engine writes a time. */
const at = (ms: number): string => {
  const nanoseconds = String(Math.round((ms % 1) * 1e6)).padStart(6, '0');
  return new Date(START_MS + Math.floor(ms)).toISOString().replace('Z', `${nanoseconds}Z`);
};
const record = (ms: number): LogRecord => ({
  time: at(ms),
  stream: 'stdout',
  data: Buffer.alloc(20),
  complete: true,
});

/** A meter by a clock that the test sets, in milliseconds since the start. */
function meterAt() {
  const clock = { ms: 0 };
  const meter = createBacklogMeter(() => START_MS + clock.ms);
  meter.begin();
  return { clock, meter };
}

describe('createBacklogMeter', () => {
  it('takes for unread what is printed, at the rate of the records, since the last one', () => {
    const { clock, meter } = meterAt();
    for (let ms = 1; ms <= 1000; ms += 1) meter.pass([record(ms)]);

    clock.ms = 1000;
    expect(meter.unreadBytes()).toBe(0);
    clock.ms = 1500;
    const unread = meter.unreadBytes() / (500 * RECORD_BYTES);
    expect(unread).toBeGreaterThan(0.9);
    expect(unread).toBeLessThan(1.1);
  });

  it('counts up to when the container was paused', () => {
    const { clock, meter } = meterAt();
    for (let ms = 1; ms <= 1000; ms += 1) meter.pass([record(ms)]);

    clock.ms = 9000;
    expect(meter.unreadBytes(8000)).toBe(0);
    expect(meter.unreadBytes(7900)).toBeGreaterThan(0);
  });

  it('does not take two lines at one moment for a flood', () => {
    const { clock, meter } = meterAt();
    meter.pass([record(1), record(1)]);

    clock.ms = 300;
    expect(meter.unreadBytes()).toBeLessThan(10_000);
  });

  it('sees a flood within a few milliseconds of its beginning, after a quiet time too', () => {
    const { clock, meter } = meterAt();
    meter.pass([record(1)]);
    for (let read = 0; read < 80; read += 1) {
      meter.pass(Array.from({ length: 500 }, (_, index) => record(60_001 + (read * 500 + index) / 40_000)));
    }

    clock.ms = 60_021;
    expect(meter.unreadBytes()).toBeGreaterThan(3e6);
  });

  it('forgets a flood that is over', () => {
    const { clock, meter } = meterAt();
    meter.pass(Array.from({ length: 40_000 }, (_, index) => record(index / 1000)));
    for (const ms of [5000, 10_000, 15_000]) meter.pass([record(ms)]);

    clock.ms = 15_200;
    expect(meter.unreadBytes()).toBeLessThan(10_000);
  });

  it('counts a record once that is read again and again', () => {
    const { clock, meter } = meterAt();
    const records = Array.from({ length: 100 }, (_, index) => record(index + 1));
    for (let times = 0; times < 50; times += 1) meter.pass(records);

    clock.ms = 1100;
    expect(meter.unreadBytes()).toBeLessThan(1100 * RECORD_BYTES);
  });

  it('takes nothing for unread that the engine wrote before the reading began', () => {
    const { clock, meter } = meterAt();
    clock.ms = 60_000;
    meter.begin();
    for (let ms = 1; ms <= 1000; ms += 1) meter.pass([record(ms)]);

    expect(meter.unreadBytes()).toBe(0);
    clock.ms = 60_100;
    expect(meter.unreadBytes()).toBeGreaterThan(0);
  });
});

/** Lines of a log of Docker Engine 26.1.5, and what it gives of them. */
describe('the most that a record takes in the log of an engine', () => {
  const time = '2026-11-24T10:50:45.504389486Z';
  const given = (data: string, changes: Partial<LogRecord> = {}): LogRecord => ({
    ...{ time, stream: 'stdout', data: Buffer.from(data), complete: true },
    ...changes,
  });

  it.each([
    ['nothing', given(''), `{"log":"\\n","stream":"stdout","time":"${time}"}\n`],
    ['plain text', given('epoch 1', { stream: 'stderr' }), `{"log":"epoch 1\\n","stream":"stderr","time":"${time}"}\n`],
    [
      'what JSON escapes',
      given('tab\there bs\b ff\f esc\x1b[0m quote" back\\ <>& del\x7f cr\r'),
      `{"log":"tab\\u0009here bs\\u0008 ff\\u000c esc\\u001b[0m quote\\" back\\\\ \\u003c\\u003e\\u0026 del\x7f cr\\r\\n","stream":"stdout","time":"${time}"}\n`,
    ],
    [
      'control characters alone',
      given('\x1b'.repeat(50)),
      `{"log":"${'\\u001b'.repeat(50)}\\n","stream":"stdout","time":"${time}"}\n`,
    ],
    [
      'what was no UTF-8',
      given('bad\ufffd\ufffd'),
      `{"log":"bad\\ufffd\\ufffd\\n","stream":"stdout","time":"${time}"}\n`,
    ],
    ['a piece of a line', given('x', { complete: false }), `{"log":"x","stream":"stdout","time":"${time}"}\n`],
  ])('is no less than that of %s', (_, one, written) => {
    expect(mostEngineBytes([one, one])).toBeGreaterThanOrEqual(2 * Buffer.byteLength(written));
  });
});
