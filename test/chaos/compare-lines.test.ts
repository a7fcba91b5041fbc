import fc from 'fast-check';

import { compareLines } from '../../chaos/check/compare-lines';

const NOTHING = { lost: [], doubled: [], foreign: [], descents: [] };

/** A sequence of different lines, and a place in it. */
const linesAndPlace = fc
  .uniqueArray(fc.string(), { minLength: 1, maxLength: 50 })
  .chain((lines) => fc.tuple(fc.constant(lines), fc.nat({ max: lines.length - 1 })));

describe('a stored sequence of lines', () => {
  it('that is the printed one differs in nothing', () => {
    fc.assert(fc.property(linesAndPlace, ([lines]) => expect(compareLines(lines, lines)).toEqual(NOTHING)));
  });

  it('without one line has lost that line and nothing else', () => {
    fc.assert(
      fc.property(linesAndPlace, ([lines, place]) => {
        expect(compareLines(lines, lines.toSpliced(place, 1))).toEqual({ ...NOTHING, lost: [lines[place]] });
      }),
    );
  });

  it('with one line once more, wherever it stands, has doubled that line and nothing else', () => {
    fc.assert(
      fc.property(linesAndPlace, fc.nat(), ([lines, place], where) => {
        const again = lines.toSpliced(place + 1 + (where % (lines.length - place)), 0, lines[place]!);

        expect(compareLines(lines, again)).toEqual({ ...NOTHING, doubled: [lines[place]] });
      }),
    );
  });

  it('with a line that was never printed has that one as foreign', () => {
    fc.assert(
      fc.property(linesAndPlace, fc.string(), ([lines, place], text) => {
        const alien = `never ${text} ${lines.join('')}`;

        expect(compareLines(lines, lines.toSpliced(place, 0, alien))).toEqual({ ...NOTHING, foreign: [alien] });
      }),
    );
  });

  it('with two neighbours in each other’s place is out of order', () => {
    fc.assert(
      fc.property(linesAndPlace, ([lines, place]) => {
        fc.pre(place > 0);
        const swapped = lines.with(place - 1, lines[place]!).with(place, lines[place - 1]!);

        expect(compareLines(lines, swapped)).toEqual({ ...NOTHING, descents: [lines[place - 1]] });
      }),
    );
  });
});
