import { compilePattern, type LinePattern } from '../../api/services/line-pattern';

const compile = (pattern: string, ignoreCase = false): LinePattern =>
  compilePattern('query', pattern, { literal: false, ignoreCase });

/** A text of as and bs in no order, for which the engine has to keep in mind every way in which it may go on. */
function mixed(length: number): string {
  let seed = 1;
  return Array.from({ length }, () => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return seed < 2 ** 31 ? 'a' : 'b';
  }).join('');
}

/** How many turns the event loop has until something is done. */
async function turnsDuring<T>(work: Promise<T>): Promise<{ result: T; turns: number }> {
  let turns = 0;
  let next: NodeJS.Immediate;
  const count = (): void => {
    turns += 1;
    next = setImmediate(count);
  };
  next = setImmediate(count);
  const result = await work;
  clearImmediate(next);
  return { result, turns };
}

const HARD = 'a[ab]{280}[^ab]';
const HARD_MATCH = `a${'b'.repeat(280)}c`;
const WORDS = 'error|warning|failed|timeout|killed|memory|nan|infinite|overflow|crash|abort|refused|denied|missing';

describe('a pattern', () => {
  test.each([
    ['epoch \\d+ loss [0-9.]+', 5_000],
    [WORDS, 2_000],
    [HARD, 1_000],
  ])('is looked for at once in lines as they are printed (%s, %d characters)', (pattern, length) => {
    expect(compile(pattern).matches(`${mixed(length - 320)} error epoch 1 loss 0.5 ${HARD_MATCH}`)).toBe(true);
  });

  test('keeps nobody waiting where a line takes seconds', async () => {
    const { result, turns } = await turnsDuring(Promise.resolve(compile(HARD).matches(mixed(50_000))));

    expect(result).toBe(false);
    expect(turns).toBeGreaterThan(100);
  });

  test.each([
    [WORDS, false, 'an ERROR', false],
    [WORDS, true, 'an ERROR', true],
    ['(?i)an error$', false, 'an ERROR', true],
    ['^an', false, 'an ERROR', false],
    ['█{3}\\b', false, '███x', true],
  ])('is the same in long lines as in short ones (%s)', async (pattern, ignoreCase, end, expected) => {
    const { matches } = compile(pattern, ignoreCase);

    expect(await matches(`${'-'.repeat(900_000)}${end}`)).toBe(expected);
    expect(await matches(`-${end}`)).toBe(expected);
  });

  test('is looked for in several lines at once, each with its answer', async () => {
    const lines = Array.from({ length: 6 }, (_, index) => `${'-'.repeat(500_000)}${index % 2 === 0 ? 'hit 1' : 'no'}`);
    const { matches } = compile('hit \\d');

    expect(await Promise.all(lines.map(async (line) => matches(line)))).toEqual([
      true,
      false,
      true,
      false,
      true,
      false,
    ]);
  });
});
