import { check } from '../../chaos/check/check';
import type { Facts, RunFacts, StoredLine } from '../../chaos/check/facts';
import { found, healthyFacts, healthyRun, LINES, sampleExecution, seal, storedOf } from './sample-facts';

function foundIn(overrides: Partial<RunFacts>): [kind: string, count: number][] {
  return found(healthyFacts(healthyRun(overrides)));
}

/** The stored log of a healthy run after `change` was made to it. */
function stored(change: (lines: StoredLine[]) => StoredLine[]): Partial<RunFacts> {
  return { stored: change(healthyRun().stored) };
}

const healthy = healthyRun();

test('finds nothing where all is as it should be', () => {
  expect(check(healthyFacts())).toEqual({
    violations: [],
    linesKept: 2 * LINES,
    linesLostByEngine: 0,
    vainAttempts: 0,
    forgottenStarts: 0,
    forgottenEnds: 0,
  });
});

describe('the log', () => {
  it('must hold every line: one that is lost is found', () => {
    const { violations } = check(healthyFacts(healthyRun(stored((lines) => lines.toSpliced(3, 1)))));

    expect(violations.map(({ kind }) => kind)).toEqual(['lost', 'miscounted']);
    expect(violations[0]!.sentence).toBe(
      'Attempt 1 of run-1 (second-try): 1 lines ("run-1 1 4 nonce1") of stdout printed and not stored.',
    );
  });

  it('must hold every line, also where the seal agrees with what is there', () => {
    const one = healthy.executions[0]!;
    const short = [...storedOf(one).slice(1, -1), seal(1, LINES - 1)];

    expect(foundIn({ stored: [...short, ...storedOf(healthy.executions[1]!)] })).toContainEqual(['lost', 1]);
  });

  it('must hold no line twice', () => {
    expect(foundIn(stored((lines) => lines.toSpliced(3, 0, lines[2]!)))).toContainEqual(['doubled', 1]);
  });

  it('must hold the lines of a stream in their order', () => {
    const swapped = stored((lines) => [lines[1]!, lines[0]!, ...lines.slice(2)]);

    expect(foundIn(swapped)).toEqual([['reordered', 1]]);
  });

  it('may hold the two streams in any order, which the engine does not tell', () => {
    const rank = ({ attempt, stream }: StoredLine) => attempt * 10 + { stderr: 0, stdout: 1, system: 2 }[stream];
    const mixed = stored((lines) => lines.toSorted((one, other) => rank(one) - rank(other)));

    expect(mixed.stored).not.toEqual(healthy.stored);
    expect(foundIn(mixed)).toEqual([]);
  });

  it('must hold nothing that was not printed', () => {
    const alien: StoredLine = { attempt: 1, stream: 'stdout', text: 'run-9 1 1 nonce9' };

    expect(foundIn(stored((lines) => [alien, ...lines]))).toContainEqual(['foreign', 1]);
  });

  it('must keep a line in its stream', () => {
    const moved = stored((lines) => [{ ...lines[0]!, stream: 'stderr' }, ...lines.slice(1)]);

    expect(foundIn(moved)).toEqual([
      ['lost', 1],
      ['foreign', 1],
    ]);
  });

  it('must have no gap', () => {
    const gap: StoredLine = { attempt: 1, stream: 'system', text: 'gap: the engine has thrown lines away' };
    const facts = stored((lines) => [
      gap,
      ...lines.map((line) => (line.text === seal(1, LINES).text && line.attempt === 1 ? seal(1, LINES, 1) : line)),
    ]);

    expect(foundIn(facts)).toContainEqual(['gap', 1]);
  });

  it.each<[string, (lines: StoredLine[]) => StoredLine[]]>([
    ['is missing', (lines) => lines.slice(0, -1)],
    ['is there twice', (lines) => [...lines, lines.at(-1)!]],
    ['comes before the last line', (lines) => [...lines.slice(0, -2), lines.at(-1)!, lines.at(-2)!]],
  ])('must end in a seal: one that %s is found', (_, change) => {
    expect(foundIn(stored(change))).toEqual([['unsealed', 1]]);
  });

  it('must be sealed also where nothing was printed', () => {
    const silent = sampleExecution(1, { printed: [], engineLog: null });
    const expected = { ...healthy.expected, attempts: 1, executions: 1 };
    const facts = { expected, executions: [silent], run: { ...healthy.run!, attempt: 1, attempts: [] } };

    expect(foundIn({ ...facts, stored: [seal(1, 0)] })).toEqual([]);
    expect(foundIn({ ...facts, stored: [] })).toEqual([['unsealed', 1]]);
  });
});

describe('a reader who follows a log', () => {
  const lines = healthy.stored;

  it('gets what is stored', () => {
    expect(foundIn({ followed: { lines: [...lines], sawEnd: true } })).toEqual([]);
  });

  it.each<[string, StoredLine[]]>([
    ['misses a line', lines.toSpliced(3, 1)],
    ['gets a line twice', lines.toSpliced(3, 0, lines[2]!)],
    ['gets nothing', []],
  ])('is not served well if it %s', (_, got) => {
    expect(foundIn({ followed: { lines: got, sawEnd: true } })).toEqual([['misfollowed', 1]]);
  });

  it('is not served well if it is not told of the end', () => {
    expect(foundIn({ followed: { lines: [...lines], sawEnd: false } })).toEqual([['misfollowed', 1]]);
  });
});

describe('the executions', () => {
  it('must be one for each attempt: a double start is found', () => {
    const again = sampleExecution(1, { nonce: 'again', startedAtMs: 16_000, endedAtMs: 17_000, printed: [] });

    expect(foundIn({ executions: [...healthy.executions, again] })).toEqual([['run-twice', 1]]);
  });

  it('must not be more attempts than planned', () => {
    const expected = { ...healthy.expected, attempts: 1, executions: 1 };

    expect(foundIn({ expected })).toEqual([
      ['wrong-attempts', 1],
      ['run-twice', 1],
    ]);
  });

  it('must be as many as planned', () => {
    expect(foundIn({ executions: healthy.executions.slice(0, 1), stored: storedOf(healthy.executions[0]!) })).toEqual([
      ['not-run', 1],
    ]);
  });

  it.each([
    ['by the lock that they hold', { alone: false }],
    ['by their times', { startedAtMs: healthy.executions[0]!.endedAtMs! - 1 }],
  ])('must not be alive at once, %s', (_, overrides) => {
    expect(foundIn({ executions: [healthy.executions[0]!, sampleExecution(2, overrides)] })).toEqual([
      ['side-by-side', 1],
    ]);
  });

  it('may leave out the line that a killed program was about to print, and only that', () => {
    const all = sampleExecution(2);
    const killed = { ...all, endedAtMs: null, engineLog: all.printed.slice(0, -1) };
    const withLast = [healthy.executions[0]!, killed];
    const shortBy = (lines: number) => [
      ...storedOf(healthy.executions[0]!),
      ...storedOf({ ...killed, printed: killed.printed.slice(0, -lines) }),
    ];
    const run = { ...healthy.run!, attempts: [] };

    expect(foundIn({ executions: withLast, stored: shortBy(1), run })).toEqual([]);
    expect(foundIn({ executions: withLast, stored: shortBy(2), run })).toEqual([['lost', 1]]);
    const inFile = [healthy.executions[0]!, { ...killed, engineLog: all.printed }];
    expect(foundIn({ executions: inFile, stored: shortBy(1), run })).toEqual([['lost', 1]]);
  });
});

describe('the run', () => {
  it.each<[string, Partial<NonNullable<RunFacts['run']>>]>([
    ['another state', { state: 'failed' }],
    ['another reason', { reason: 'exit-code' }],
    ['no end', { state: 'running', reason: null }],
  ])('must have ended as planned: %s is found', (_, overrides) => {
    expect(foundIn({ run: { ...healthy.run!, ...overrides } })).toEqual([['wrong-state', 1]]);
  });

  it('must have taken the attempts that were planned', () => {
    expect(foundIn({ run: { ...healthy.run!, attempt: 3 } })).toEqual([['wrong-attempts', 1]]);
  });

  describe('with an attempt that the infrastructure ended', () => {
    const [one, two] = healthy.run!.attempts;
    const attempts = [one!, two!, { ...two!, number: 3, reason: 'start-failed' as const, logLines: null }];
    const run = { ...healthy.run!, attempt: 3, attempts };

    it('is as planned where no container had started', () => {
      expect(check(healthyFacts(healthyRun({ run })))).toMatchObject({ violations: [], vainAttempts: 1 });
    });

    it('is not as planned where its program ran', () => {
      const third = sampleExecution(3);
      const facts = {
        run,
        executions: [...healthy.executions, third],
        stored: [...healthy.stored, ...storedOf(third)],
      };

      expect(foundIn(facts)).toEqual([
        ['wrong-attempts', 1],
        ['run-twice', 1],
      ]);
    });
  });

  it.each([null, 'RUNNING', 'FAILED'])('must have ended alike in Temporal: %s is found', (workflow) => {
    expect(foundIn({ workflow })).toEqual([['wrong-workflow', 1]]);
  });

  it('must be known once it was accepted', () => {
    expect(foundIn({ run: null, workflow: null, stored: [], executions: [] })).toContainEqual(['forgotten', 1]);
  });

  it('must be one for each key', () => {
    expect(foundIn({ ids: ['run-1', 'run-2'] })).toEqual([['two-ids', 1]]);
  });
});

test.each<[string, Partial<Facts>]>([
  ['left', { left: ['trainyard-run-1-1 (Exited)'] }],
  ['stranger', { strangers: ['run-7'] }],
  ['bad-answer', { complaints: ['GET /v1/runs was answered 500'] }],
])('what should not be there is found: %s', (kind, facts) => {
  expect(found({ ...healthyFacts(), ...facts })).toEqual([[kind, 1]]);
});
