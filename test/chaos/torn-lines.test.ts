import { check } from '../../chaos/check/check';
import type { EngineDeath, Execution, PrintedLine } from '../../chaos/check/facts';
import { fold, unfold } from '../../chaos/padding';
import { found, healthyFacts, healthyRun, longLine, sampleExecution, seal, storedOf } from './sample-facts';

const NONCE = 'abcdef01';
const PIECE = 16_384;
/** Every other line is of four pieces. */
const printed: PrintedLine[] = Array.from({ length: 10 }, (_, index) => ({
  stream: index % 5 === 4 ? 'stderr' : 'stdout',
  text: index % 2 === 1 ? longLine(index + 1, 3_500) : `run-1 1 ${index + 1} ${NONCE}`,
}));
const first = sampleExecution(1, { nonce: NONCE, printed, engineLog: printed });
const second = sampleExecution(2);
const killed: EngineDeath[] = [{ killedAtMs: first.startedAtMs + 1, idleSinceMs: first.startedAtMs + 1 }];

/** What is found where this is stored of the first execution. */
function foundWhere(stored: PrintedLine[], overrides: Partial<Execution> = {}, engineDeaths: EngineDeath[] = []) {
  const facts = healthyRun({
    executions: [{ ...first, ...overrides }, second],
    stored: [...stored.map((line) => ({ attempt: 1, ...line })), seal(1, stored.length), ...storedOf(second)],
    run: { ...healthyRun().run!, attempts: [] },
  });
  return found({ ...healthyFacts(facts), engineDeaths });
}

const raw = (index: number): string => unfold(printed[index]!.text);
const line = (text: string, stream: PrintedLine['stream'] = 'stdout'): PrintedLine => ({ stream, text: fold(text) });
/** The printed lines with these in the place of some. */
const replaced = (from: number, count: number, ...texts: string[]): PrintedLine[] =>
  printed.toSpliced(from, count, ...texts.map((text) => line(text, printed[from]!.stream)));

test('long lines that are stored as they were printed are well', () => {
  expect(foundWhere(printed)).toEqual([]);
});

describe('a long line', () => {
  const [one, two] = [raw(3).slice(0, PIECE), raw(3).slice(PIECE, 2 * PIECE)];
  const rest = raw(3).slice(2 * PIECE);

  it.each([
    ['without a piece', one + rest],
    ['with a piece twice', one + two + two + rest],
    ['with its pieces in a wrong order', two + one + rest],
    ['with a piece of another line', one + raw(5).slice(PIECE, 2 * PIECE) + rest],
    ['without its end', one + two],
    ['without its beginning', two + rest],
  ])('is lost where it is stored %s', (_, wrong) => {
    expect(foundWhere(replaced(3, 1, wrong))).toEqual([
      ['lost', 1],
      ['foreign', 1],
    ]);
  });

  it('is lost where it is joined with the next', () => {
    expect(foundWhere(replaced(5, 2, raw(5) + raw(6)))).toEqual([
      ['lost', 2],
      ['foreign', 1],
    ]);
  });

  it('is told of in a short sentence', () => {
    const stored = printed.with(3, { stream: 'stdout', text: 'x'.repeat(60_000) });
    const facts = healthyRun({
      executions: [first, second],
      stored: [...stored.map((text) => ({ attempt: 1, ...text })), seal(1, 10), ...storedOf(second)],
      followed: { lines: [], sawEnd: true },
    });

    const { violations } = check(healthyFacts(facts));
    expect(violations.map(({ kind }) => kind)).toEqual(['lost', 'foreign', 'misfollowed']);
    for (const { sentence } of violations) expect(sentence.length).toBeLessThan(500);
  });
});

describe('what a killed engine has in its file of long lines', () => {
  const beginning = raw(5).slice(0, 2 * PIECE);

  /** What it may have instead of the printed ones from the sixth, the fourth or the first on. */
  const TORN: [string, PrintedLine[]][] = [
    ['the end of one', replaced(5, 1, raw(5).slice(40_000))],
    ['the end of one, and not the lines before it', replaced(2, 4, raw(5).slice(40_000))],
    ['no more than how one ends', replaced(5, 1, '01')],
    ['no more than that one ended', replaced(5, 1, '')],
    ['one without a piece', replaced(5, 1, beginning + raw(5).slice(3 * PIECE))],
    ['the beginning of one, joined with the next', replaced(5, 2, beginning + raw(6))],
    [
      'the beginning of one, joined with the end of a later one',
      replaced(3, 3, raw(3).slice(0, PIECE) + raw(5).slice(20_000)),
    ],
    ['the beginning of one and the end of the next', replaced(6, 2, raw(6).slice(0, 3) + raw(7).slice(20_000))],
    [
      'the beginning of the first and the end of the last',
      [line(raw(0).slice(0, 5) + raw(8).slice(5)), ...printed.filter(({ stream }) => stream === 'stderr')],
    ],
    ['the beginning of one, and that it ended', replaced(5, 1, beginning)],
    ['the beginning of the last of a stream', replaced(8, 1, raw(8).slice(0, 7))],
    ['the beginning of a long one as the last of a stream', replaced(9, 1, raw(9).slice(0, PIECE))],
  ];

  it.each(TORN)('is what must be stored: %s', (_, engineLog) => {
    expect(foundWhere(engineLog, { engineLog }, killed)).toEqual([]);
  });

  it.each(TORN)('must be stored: %s', (_, engineLog) => {
    expect(foundWhere(printed, { engineLog }, killed)).not.toEqual([]);
  });

  it.each(TORN)('excuses nothing where it was not killed: %s', (_, engineLog) => {
    expect(foundWhere(engineLog, { engineLog })).not.toEqual([]);
    expect(foundWhere(engineLog, { engineLog: null }, killed)).not.toEqual([]);
  });

  it.each(TORN)('excuses nothing where the file has all: %s', (_, stored) => {
    expect(foundWhere(stored, {}, killed)).not.toEqual([]);
  });

  it.each([
    ['a piece twice', replaced(5, 1, beginning + raw(5).slice(PIECE))],
    [
      'pieces in another order',
      replaced(5, 1, raw(5).slice(PIECE, 2 * PIECE) + raw(5).slice(0, PIECE) + raw(5).slice(2 * PIECE)),
    ],
    ['the end of an earlier one', replaced(5, 1, raw(3).slice(40_000))],
    ['the end of a later one', replaced(5, 1, raw(7).slice(40_000))],
    ['the end of one of the other stream', replaced(5, 1, raw(9).slice(40_000))],
    ['a piece of one of the other stream', replaced(5, 1, beginning + raw(9).slice(2 * PIECE))],
    ['what nobody has printed', replaced(5, 1, 'run-9 1 6 abcdef09')],
    ['a line before another', replaced(5, 2, raw(6), raw(5))],
    ['a line twice', replaced(5, 1, raw(5), raw(5))],
  ])('excuses no %s, as no stretch that is missing explains it', (_, engineLog) => {
    expect(foundWhere(engineLog, { engineLog }, killed)).not.toEqual([]);
  });

  it('lacks one stretch of a stream for each time that it was killed', () => {
    const twice = replaced(1, 1, raw(1).slice(30_000)).toSpliced(7, 1);
    const within = replaced(5, 1, raw(5).slice(0, PIECE) + raw(5).slice(20_000, 30_000) + raw(5).slice(40_000));
    const [death] = killed;

    for (const engineLog of [twice, within]) {
      expect(foundWhere(engineLog, { engineLog }, killed)).not.toEqual([]);
      expect(foundWhere(engineLog, { engineLog }, [death!, death!])).toEqual([]);
    }
  });
});

describe('a program that was killed', () => {
  /** Of the last line of each stream, as it was about to print it. */
  const begun = [line(raw(7).slice(0, PIECE)), line(raw(9).slice(0, PIECE), 'stderr')];
  const lines = printed.toSpliced(8, 1);
  const engineLog = [...lines.slice(0, 7), ...begun];
  const wasKilled = { printed: lines, endedAtMs: null };

  it('may have printed the beginning of its last lines, as the file of the engine shows', () => {
    expect(foundWhere(engineLog, { ...wasKilled, engineLog })).toEqual([]);
  });

  it.each([
    ['the program was not killed', { engineLog, printed: lines }],
    ['the file has all of them', { ...wasKilled, engineLog: lines }],
    ['there is no file', { ...wasKilled, engineLog: null }],
  ])('has not where %s', (_, overrides) => {
    expect(foundWhere(engineLog, overrides)).not.toEqual([]);
  });

  it('must have stored what it printed of its last lines', () => {
    expect(foundWhere(lines.slice(0, 7), { ...wasKilled, engineLog })).toEqual([
      ['lost', 1],
      ['lost', 1],
    ]);
  });

  it('must have printed all but its very last line', () => {
    const file = lines.slice(0, 7);

    expect(foundWhere(file, { ...wasKilled, engineLog: file })).toEqual([['lost', 1]]);
  });
});
