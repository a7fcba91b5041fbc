import type { LogRecord } from '../../docker/engine';
import { leastMsToWrite } from '../../host/backlog-meter';
import { createLeftOut, type LeftOut, type LeftOutDeps } from '../../host/left-out';

const START_MS = Date.parse('2026-01-01T00:00:00Z');
const FILE_BYTES = 52_428_800;
/** A time in which no engine writes so much, and one in which it might. */
const SHORT_MS = leastMsToWrite(FILE_BYTES) * 0.9;
const LONG_MS = leastMsToWrite(FILE_BYTES) * 1.1;
/** Of these records, 50 are what a socket holds. */
const FULL = 50;

function at(ms: number, count = 1): LogRecord[] {
  const time = new Date(START_MS + ms).toISOString().replace('Z', '000000Z');
  return Array.from({ length: count }, () => ({ time, stream: 'stdout', data: Buffer.alloc(100), complete: true }));
}

function leftOut(deps: Partial<LeftOutDeps> = {}): LeftOut {
  return createLeftOut({
    ...{ harmlessBytes: FILE_BYTES, beginMs: START_MS, heldMs: () => 0, mayEndFile: () => true },
    ...deps,
  });
}

describe('a file may have been left out', () => {
  it('where a follower that was held up brings a record and, long after it, another', () => {
    const check = leftOut();
    expect(check.take(at(0, FULL), false)).toBe(false);
    expect(check.take(at(SHORT_MS, FULL), false)).toBe(false);
    expect(check.take(at(SHORT_MS + LONG_MS), false)).toBe(true);
  });

  it('where both come in one long batch, however early it comes', () => {
    expect(leftOut().take([...at(0, FULL), ...at(LONG_MS)], true)).toBe(true);
  });

  it('where a record between them has a time of long before, as records may be out of order', () => {
    const check = leftOut();
    check.take(at(1000, FULL), false);
    expect(check.take([...at(1000 - LONG_MS), ...at(1000 + LONG_MS)], false)).toBe(true);
  });
});

describe('no file can have been left out', () => {
  it('among records that come close upon each other, however late', () => {
    const check = leftOut();
    for (let batch = 0; batch < 100; batch += 1) expect(check.take(at(batch * SHORT_MS, FULL), false)).toBe(false);
  });

  it('by a follower that was never held up, as the socket was not full', () => {
    const check = leftOut();
    for (let batch = 0; batch < 100; batch += 1) expect(check.take(at(batch * LONG_MS, FULL - 10), false)).toBe(false);
  });

  it('before the first batch that tells of being held up, as what lies in the socket comes first', () => {
    const check = leftOut();
    check.take(at(0), true);
    expect(check.take(at(LONG_MS, FULL), false)).toBe(false);
  });

  it('after a follower was so early again that it was no file behind', () => {
    const check = leftOut();
    check.take(at(0, FULL), false);
    check.take(at(10, FULL), true);
    expect(check.take(at(10 + LONG_MS), false)).toBe(false);
  });

  it('in a time in which the container was held, or before the follow began', () => {
    for (const deps of [{ heldMs: () => LONG_MS - SHORT_MS }, { beginMs: START_MS + LONG_MS - SHORT_MS }]) {
      const check = leftOut(deps);
      check.take(at(0, FULL), false);
      expect(check.take(at(LONG_MS, FULL), false)).toBe(false);
    }
  });

  it('in the middle of a file', () => {
    const check = leftOut({ mayEndFile: () => false });
    check.take(at(0, FULL), false);
    expect(check.take(at(LONG_MS, FULL), false)).toBe(false);
  });
});
