import fc from 'fast-check';

import { fold, foldedPadding, unfold } from '../../chaos/padding';
import { longLine } from './sample-facts';

const line = (number: number, blocks = 2_400) => unfold(longLine(number, blocks));
const PIECE = 16_384;

describe('a long line', () => {
  it('is kept in a few characters that stand for it', () => {
    expect(line(5)).toMatch(/^run-1 1 5 abcdef01o5\.0,abcdef01o5\.1,.*abcdef01o5\.2399, abcdef01$/);
    expect(line(5).length).toBeGreaterThan(2 * PIECE);
    expect(fold(line(5))).toBe(`run-1 1 5 ${foldedPadding('abcdef01', 'stdout', 5, 2_400)} abcdef01`);
    expect(fold(line(5)).length).toBeLessThan(60);
  });

  const pieces = [0, 1, 2].map((piece) => line(5).slice(piece * PIECE, (piece + 1) * PIECE));
  const [one, two, three] = pieces as [string, string, string];

  it.each([
    ['without its first piece', two + three],
    ['without a piece in its middle', one + three],
    ['without its last piece', one + two],
    ['with a piece again', one + two + two + three],
    ['with its pieces in another order', two + one + three],
    ['with a piece of another', one + line(6).slice(PIECE, 2 * PIECE) + three],
    ['with a piece of the other stream', one + two.replaceAll('o5.', 'e5.') + three],
    ['with a piece of another execution', one + two.replaceAll('abcdef01', 'abcdef02') + three],
    ['joined with another', one + two + line(6)],
    ['without a character', line(5).replace('o5.1000,', 'o5.100,')],
  ])('is not the same %s', (_, broken) => {
    expect(fold(broken)).not.toBe(longLine(5, 2_400));
    expect(unfold(fold(broken))).toBe(broken);
  });
});

test('any text can be had back', () => {
  const part = fc.oneof(
    fc.string(),
    fc.constantFrom('⟦', '⟧', '⟦⟧', 'abcdef01', 'abcdef01o5.', 'o5.01,', '⟦abcdef01o5.0-9⟧'),
    fc.nat({ max: 6 }).map((index) => `abcdef01o5.${index},`),
    fc.nat({ max: 30 }).map((place) => line(7, 20).slice(place * 9, place * 9 + 80)),
  );
  const text = fc.array(part, { maxLength: 12 }).map((parts) => parts.join(''));

  fc.assert(fc.property(text, (any) => expect(unfold(fold(any))).toBe(any)));
});

test('two texts that are kept alike are the same', () => {
  expect(fold('⟦abcdef01o5.0-9⟧')).not.toBe(fold(unfold('⟦abcdef01o5.0-9⟧')));
});
