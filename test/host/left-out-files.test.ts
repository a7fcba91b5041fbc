import type { ContainerFiles } from '../../docker/container-files';
import type { LogRecord } from '../../docker/engine';
import { createLeftOutFiles } from '../../host/left-out-files';

const START_MS = Date.parse('2026-01-01T00:00:00Z');

/** Records at these moments, in milliseconds since the start. */
const records = (...moments: number[]): LogRecord[] =>
  moments.map((ms) => {
    const time = new Date(START_MS + ms).toISOString().replace('Z', '000000Z');
    return { time, stream: 'stdout', data: Buffer.alloc(100), complete: true };
  });

const FILE_BYTES = 16_777_216;

/** A log whose files ended at these moments, or between two of them unseen. */
function filesWith(...ends: (number | [number, number])[]): ContainerFiles {
  const log = () => ({
    ...{ files: [], writtenBytes: 0, isWhole: true, fileBytes: FILE_BYTES, maxFiles: 3 },
    ends: ends.map((end) => {
      const [fromMs, toMs] = typeof end === 'number' ? [end, end] : end;
      return { fromMs: START_MS + fromMs, toMs: START_MS + toMs };
    }),
  });
  return { log, limitCpus: () => false };
}

const logWith = (...ends: (number | [number, number])[]) => createLeftOutFiles(filesWith(...ends), new Set());

describe('a file that a follow has left out', () => {
  it('is told by the end of two files between one record and the next', () => {
    const isLeftOut = logWith(1000, 2000);
    expect(isLeftOut(records(500, 999))).toBe(false);
    expect(isLeftOut(records(2001, 2002))).toBe(true);
  });

  it('is told within a read, too', () => {
    expect(logWith(1000, 2000)(records(500, 999, 2001))).toBe(true);
  });

  it('is told where the end of its predecessor seems to lie before the last record in it', () => {
    expect(logWith(995, 2000)(records(500, 999, 2001))).toBe(true);
  });

  it('is told where the next record was given its time in the millisecond of its end, or a little before', () => {
    expect(logWith(1000.4, 2000.4)(records(500, 999, 2000))).toBe(true);
    expect(logWith(1000.4, 2000.4)(records(500, 999, 1997))).toBe(true);
  });

  it('is told where its predecessor came to its end unseen, and is not there any more', () => {
    expect(logWith([500, 1500], 2000)(records(999, 2001))).toBe(true);
  });

  it('is told where all of them came and went unseen, by the time that there was for it', () => {
    expect(logWith([500, 3000])(records(999, 1500))).toBe(true);
    expect(logWith([500, 3000])(records(999, 1000, 1001))).toBe(false);
  });

  it('is none where each file is gone through, in one read or in many', () => {
    const isLeftOut = logWith(1000, 2000, 3000);
    expect(isLeftOut(records(500, 999, 1001, 1500, 1999))).toBe(false);
    expect(isLeftOut(records(2001, 2500, 2999, 3001))).toBe(false);
  });

  it('is none where a container was silent for long, over the end of one file', () => {
    expect(logWith(1000)(records(999, 90_000))).toBe(false);
  });

  it('is none where records of two streams are out of order', () => {
    expect(logWith(1000, 2000)(records(999, 1001, 998, 1002, 1500, 1999, 2001))).toBe(false);
  });
});

describe('a clock that was set back', () => {
  const HOUR_MS = 3_600_000;

  it('hides no file that is left out afterwards', () => {
    const isLeftOut = logWith(500, 1000, 1500);
    isLeftOut(records(HOUR_MS));
    isLeftOut(records(0));
    expect(isLeftOut(records(1600))).toBe(true);
  });

  it('has a file left out that ended in between, or none: nobody can tell', () => {
    const isLeftOut = logWith();
    expect(isLeftOut(records(HOUR_MS - 1, HOUR_MS))).toBe(false);
    expect(isLeftOut(records(0))).toBe(true);
    expect(isLeftOut(records(1, 2))).toBe(false);
  });

  it('is seen within a read, too, and once by all follows that come by', () => {
    const lookedUp = new Set<string>();
    const follow = () => createLeftOutFiles(filesWith(), lookedUp)(records(HOUR_MS - 1, HOUR_MS, 0, 1));
    expect([follow(), follow()]).toEqual([true, false]);
  });

  it('is none where a container was silent for long between two records of a read', () => {
    expect(logWith()(records(0, HOUR_MS, HOUR_MS - 900))).toBe(false);
  });
});

describe('a file whose place was looked up', () => {
  it('is not told again by a follow that comes by once more', () => {
    const lookedUp = new Set<string>();
    const follow = () => createLeftOutFiles(filesWith(1000, 2000, 3000, 4000), lookedUp);
    expect(follow()(records(999, 2001))).toBe(true);
    const again = follow();
    expect(again(records(999, 2001))).toBe(false);
    expect(again(records(4001))).toBe(true);
  });
});
