import type { LogRecord } from '../../docker/engine';
import { leastMsToWrite, mostEngineBytes } from '../../host/backlog-meter';
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

/** The doubt of a follow of a log of which so much can have been written before; by default nobody knows. */
function doubtAfter(mostBytes = Number.POSITIVE_INFINITY) {
  const written = { bytes: mostBytes };
  const mayLeaveOut = createLeftOutDoubt({ fileBytes: FILE_BYTES, mostWrittenBytes: () => written.bytes });
  return (records: LogRecord[]): boolean => {
    written.bytes += mostEngineBytes(records);
    return mayLeaveOut(records);
  };
}

describe('a file may have been left out', () => {
  it('in a pause in which it can have been written, of a log that was there before', () => {
    const arrive = doubtAfter();
    expect(arrive(at(1000))).toBe(false);
    expect(arrive(at(1000 + LONG_MS))).toBe(true);
  });

  it('wherever files end, the second of a log that is known from its beginning, too', () => {
    const arrive = doubtAfter(0);
    expect(arrive(at(0, 1.5 * (FILE_BYTES / 170)))).toBe(false);
    expect(arrive(at(LONG_MS))).toBe(true);
    expect(arrive(at(LONG_MS))).toBe(false);
    expect(arrive(at(2 * LONG_MS))).toBe(true);
  });

  it('where both records come in one read', () => {
    expect(doubtAfter()([...at(0), ...at(LONG_MS)])).toBe(true);
  });

  it('where a record between them has a time of long before, as records may be out of order', () => {
    const arrive = doubtAfter();
    arrive(at(1000));
    expect(arrive([...at(1000 - SHORT_MS), ...at(1000 + SHORT_MS)])).toBe(true);
  });

  it('where the clock of the engine was set back', () => {
    const arrive = doubtAfter();
    arrive(at(60_000));
    expect(arrive(at(0))).toBe(true);
  });

  it('as soon as the records can have filled the first', () => {
    const arrive = doubtAfter(FILE_BYTES - mostEngineBytes(at(0, 3)));
    expect([0, LONG_MS, 2 * LONG_MS].map((ms) => arrive(at(ms)))).toEqual([false, false, true]);
  });
});

describe('no file can have been left out', () => {
  it('among records that come close upon each other', () => {
    const arrive = doubtAfter();
    for (let read = 0; read < 100; read += 1) expect(arrive(at(read * SHORT_MS, 50))).toBe(false);
  });

  it('before the first is full, whatever the pauses', () => {
    const arrive = doubtAfter(0);
    for (let read = 0; read < 100; read += 1) expect(arrive(at(read * 1000, 200))).toBe(false);
  });
});
