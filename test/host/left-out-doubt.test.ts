import type { LogRecord } from '../../docker/engine';
import { leastMsToWrite } from '../../host/backlog-meter';
import { engineLogBytes, NOTHING_PASSED } from '../../host/engine-log-bytes';
import { createLeftOutDoubt } from '../../host/left-out-doubt';

const START_MS = Date.parse('2026-01-01T00:00:00Z');
const FILE_BYTES = 16_777_216;
/** A time in which no engine fills a file, and one in which it might. */
const SHORT_MS = Math.floor(leastMsToWrite(FILE_BYTES) * 0.9);
const LONG_MS = Math.ceil(leastMsToWrite(FILE_BYTES) * 1.1);

function at(ms: number, count = 1): LogRecord[] {
  const time = new Date(START_MS + ms).toISOString().replace('Z', '000001Z');
  const data = Buffer.alloc(100, 'x');
  return Array.from({ length: count }, () => ({ time, stream: 'stdout', data, complete: true }));
}

const IN_FILE = Math.ceil(FILE_BYTES / engineLogBytes(at(0)).bytes);

/** A follow that has begun at the start, and takes records of a moment at another. */
function follow({ fromBeginning = false } = {}) {
  const clock = { ms: 0 };
  const now = (): number => START_MS + clock.ms;
  const take = createLeftOutDoubt({ fileBytes: FILE_BYTES, fromBeginning, seen: { log: NOTHING_PASSED }, now });
  return (ms: number, records: readonly LogRecord[]): boolean => {
    clock.ms = ms;
    return take(records);
  };
}

describe('a file may have been left out', () => {
  it('where a record came late, and the next one is long after it', () => {
    const take = follow();
    expect(take(1000 + LONG_MS, at(1000))).toBe(false);
    expect(take(1000 + 2 * LONG_MS, at(1000 + LONG_MS))).toBe(true);
  });

  it('however few records come together', () => {
    const take = follow();
    for (let ms = 0; ms < 1000; ms += 1) expect(take(500 + ms, at(ms))).toBe(false);
    expect(take(2000, at(1000 + LONG_MS))).toBe(true);
  });

  it('where both come in one read, early or late', () => {
    expect(follow()(LONG_MS, [...at(0), ...at(LONG_MS)])).toBe(true);
  });

  it('where a record between them has a time of long before, as records may be out of order', () => {
    const take = follow();
    take(5000, at(1000));
    expect(take(5000, [...at(1000 - LONG_MS), ...at(1000 + LONG_MS)])).toBe(true);
  });

  it('where the first file is just full, even if the record before came in time', () => {
    const take = follow({ fromBeginning: true });
    expect(take(10, at(10, IN_FILE))).toBe(false);
    expect(take(10 + LONG_MS, at(10 + LONG_MS))).toBe(true);
  });
});

describe('no file can have been left out', () => {
  it('among records that come close upon each other, however late', () => {
    const take = follow();
    for (let batch = 0; batch < 100; batch += 1) {
      expect(take(batch * SHORT_MS + 5000, at(batch * SHORT_MS, 50))).toBe(false);
    }
  });

  it('after a record that came in time', () => {
    const take = follow();
    for (let batch = 0; batch < 100; batch += 1) expect(take(batch * 1000 + SHORT_MS, at(batch * 1000))).toBe(false);
  });

  it('before the first file is full, where the log is known from its beginning', () => {
    const take = follow({ fromBeginning: true });
    for (let batch = 0; batch < 100; batch += 1) expect(take(batch * 1000 + 900, at(batch * 1000, 500))).toBe(false);
  });

  it('in a time before the follow began', () => {
    const take = follow();
    take(5000, at(-10_000));
    expect(take(5000, at(-5000))).toBe(false);
  });
});
