import fc from 'fast-check';

import { createResumeTracker, PIECE_BYTES } from '../../../store/logs/resume';
import { engineLogs, joinLines, logTime, readSince, type EngineLine } from './engine-log';

/** In these logs a piece's text is short, so that many can be tried; `p` marks a line that is as long as a piece. */
const textBytes = ({ text }: EngineLine): number => (text.startsWith('p') ? PIECE_BYTES : text.length);

const track = (stored: readonly EngineLine[], known = 0) => {
  const before = stored.slice(0, known);
  const newest = before.map(({ time }) => time).reduce((a, b) => (a > b ? a : b), '');
  const tracker = createResumeTracker(textBytes, { lines: known, newest });
  for (const line of stored.slice(known)) tracker.add(line);
  return tracker;
};

const line = (nanoseconds: number, changes: Partial<EngineLine> = {}): EngineLine => ({
  time: logTime(nanoseconds),
  stream: 'stdout',
  text: String(nanoseconds),
  midLine: false,
  ...changes,
});

describe('the place to resume at', () => {
  test('loses and doubles no line and keeps the order, wherever the writer is cut off, again and again', () => {
    fc.assert(
      fc.property(
        engineLogs({ maxRecords: 60 }),
        fc.array(fc.record({ told: fc.nat(60), stored: fc.nat(12) }), { maxLength: 8 }),
        (log, cuts) => {
          const stored: EngineLine[] = [];
          const resume = (told: number, most: number): void => {
            const { anchor, skip, lines } = track(stored);
            const again = joinLines(readSince(log.slice(0, told), anchor?.time ?? null));
            if (anchor !== null) expect(again[0]).toEqual(anchor);
            const isStored = anchor === null ? lines : skip;
            expect(again.slice(0, isStored)).toEqual(stored.slice(stored.length - isStored));
            stored.push(...again.slice(isStored).slice(0, most));
          };

          // The container goes on between the cuts, so each reading is told more than the one before.
          let told = 0;
          for (const cut of cuts) {
            told = Math.min(log.length, told + cut.told);
            resume(told, cut.stored);
          }
          resume(log.length, Infinity);

          expect(stored).toEqual(joinLines(log));
        },
      ),
      { numRuns: 1_000 },
    );
  });

  test('is the same where only the number and the newest time of the lines before are known, if there is any', () => {
    fc.assert(
      fc.property(engineLogs({ maxRecords: 40 }), fc.nat(40), (log, known) => {
        const stored = joinLines(log);
        const whole = track(stored);
        const part = track(stored, Math.min(known, stored.length));

        expect([part.lines, part.newest]).toEqual([whole.lines, whole.newest]);
        if (part.anchor !== null) expect([part.anchor, part.skip]).toEqual([whole.anchor, whole.skip]);
      }),
      { numRuns: 300 },
    );
  });

  test('is the newest line of a log whose times only grow', () => {
    const { anchor, skip } = track([line(1), line(2), line(3)]);

    expect([anchor, skip]).toEqual([line(3), 1]);
  });

  test('is the first of lines with one time, and all of them are skipped', () => {
    const { anchor, skip } = track([
      line(1),
      line(2, { text: 'a' }),
      line(2, { text: 'b' }),
      line(1, { text: 'late' }),
    ]);

    expect([anchor, skip]).toEqual([line(2, { text: 'a' }), 3]);
  });

  test('is not a line that another one was open around, nor one after it with the same time', () => {
    const { anchor, skip } = track([line(1), line(2, { midLine: true }), line(2, { text: 'p' })]);

    expect([anchor, skip]).toEqual([line(1), 3]);
  });

  test('is not a line as long as a piece', () => {
    expect(track([line(1), line(2, { text: 'p' })]).anchor).toEqual(line(1));
  });

  test('is not a line before which a later time stands, as after a clock that was set back', () => {
    expect(track([line(1), line(900, { text: 'p' }), line(2), line(899)])).toMatchObject({ anchor: line(1), skip: 4 });
  });

  test('is the beginning where no line will do, and all lines are skipped', () => {
    expect(track([line(1, { text: 'p' }), line(1)])).toMatchObject({ anchor: null, lines: 2 });
    expect(track([])).toMatchObject({ anchor: null, lines: 0 });
  });
});
