import { createBeginningCheck } from '../../host/beginning-check';
import { recordsOf } from './fake-log-engine';

const LATER_MS = Date.parse('2026-01-02T00:00:00Z');
const SHORT_LINES = recordsOf(Array(1000).fill('x'));
/** Zeros at the end of their times are not in the file, nor the point of the first. */
const SHORT_LINES_BYTES = 72 * 1000 - 118;

describe('what an engine holds when it is first asked', () => {
  it.each([
    ['is the whole log where it is a byte less than it keeps', SHORT_LINES_BYTES + 1, null],
    ['may lack the beginning where it is as much as it keeps', SHORT_LINES_BYTES, SHORT_LINES[0]!.time],
  ])('%s, in the shortest of lines', (_, keptBytes, expected) => {
    const check = createBeginningCheck(keptBytes, LATER_MS, () => false);
    expect(check.pass(SHORT_LINES, { resume: null })).toBe(expected);
  });

  it('is told until it is noted, as there may be no room for the note', () => {
    const check = createBeginningCheck(SHORT_LINES_BYTES, LATER_MS, () => false);
    const told = () => check.pass(SHORT_LINES, { resume: null });
    expect([told(), told()]).toEqual([SHORT_LINES[0]!.time, SHORT_LINES[0]!.time]);
    check.noted();
    expect(told()).toBeNull();
  });
});
