import { check, type Verdict } from '../../chaos/check/check';
import type { EngineDeath, PrintedLine, RunFacts } from '../../chaos/check/facts';
import { found, healthyFacts, healthyRun, LINES, sampleExecution, seal, storedOf } from './sample-facts';

const deathAt = (killedAtMs: number, idleSinceMs = killedAtMs): EngineDeath => ({ killedAtMs, idleSinceMs });

type RunAttempt = NonNullable<RunFacts['run']>['attempts'][number];

const healthy = healthyRun();

describe('a killed engine', () => {
  const executions = [sampleExecution(1), sampleExecution(2)];
  const [first, second] = executions as [(typeof executions)[0], (typeof executions)[0]];
  const cut = { ...first, engineLog: first.printed.slice(0, 8) };
  const facts = {
    executions: [cut, second],
    stored: [...storedOf({ ...first, printed: cut.engineLog }), ...storedOf(second)],
    run: { ...healthy.run!, attempts: healthy.run!.attempts.map((attempt) => ({ ...attempt, logLines: null })) },
  };

  it('is the one who lost what it never wrote', () => {
    const verdict = check({ ...healthyFacts(healthyRun(facts)), engineDeaths: [deathAt(first.startedAtMs + 1)] });

    expect(verdict).toEqual({
      violations: [],
      linesKept: 2 * LINES - 2,
      linesLostByEngine: 2,
      vainAttempts: 0,
      forgottenStarts: 0,
      forgottenEnds: 0,
    });
  });

  it('is the one who lost all where it wrote nothing', () => {
    const nothing = { ...facts, executions: [{ ...first, engineLog: [] }, second] };
    const stored = [seal(1, 0), ...storedOf(second)];

    expect(
      check({ ...healthyFacts(healthyRun({ ...nothing, stored })), engineDeaths: [deathAt(first.startedAtMs + 1)] }),
    ).toMatchObject({ violations: [], linesLostByEngine: LINES });
  });

  it('is the one who lost what it never wrote, also where it was killed before the program that it started began', () => {
    const nothing = { ...first, engineStartedAtMs: first.startedAtMs - 260, engineLog: [] };
    const run = healthyRun({ ...facts, executions: [nothing, second], stored: [seal(1, 0), ...storedOf(second)] });

    expect(check({ ...healthyFacts(run), engineDeaths: [deathAt(first.startedAtMs - 190)] })).toMatchObject({
      ...{ violations: [], linesLostByEngine: LINES, forgottenStarts: 0 },
    });
  });

  it('is the one who tore a line of which it wrote the end', () => {
    const torn = first.printed.map((line, index) => (index === 3 ? { ...line, text: line.text.slice(5) } : line));
    const run = healthyRun({
      ...facts,
      executions: [{ ...first, engineLog: torn }, second],
      stored: [...storedOf({ ...first, printed: torn }), ...storedOf(second)],
    });

    expect(check({ ...healthyFacts(run), engineDeaths: [deathAt(first.startedAtMs + 1)] })).toMatchObject({
      ...{ violations: [], linesLostByEngine: 1, linesKept: 2 * LINES },
    });
    expect(found({ ...healthyFacts(run), engineDeaths: [] })).toContainEqual(['foreign', 1]);
  });

  it('is the one who tore the line before the next that it wrote, of all that end alike', () => {
    const torn = { ...first.printed[5]!, text: first.printed[5]!.text.slice(-4) };
    const engineLog = [...first.printed.slice(0, 3), torn, ...first.printed.slice(6)];
    const run = healthyRun({
      ...facts,
      executions: [{ ...first, engineLog }, second],
      stored: [...storedOf({ ...first, printed: engineLog }), ...storedOf(second)],
    });

    expect(check({ ...healthyFacts(run), engineDeaths: [deathAt(first.startedAtMs + 1)] })).toMatchObject({
      ...{ violations: [], linesLostByEngine: 3, linesKept: 2 * LINES - 2 },
    });
  });

  it('excuses nothing where it was not killed while the container lived', () => {
    expect(found({ ...healthyFacts(healthyRun(facts)), engineDeaths: [deathAt(first.startedAtMs - 1)] })).toEqual([
      ['lost', 1],
      ['lost', 1],
    ]);
  });

  it('excuses nothing that it did write', () => {
    const lost = { ...facts, executions: [first, second] };

    expect(found({ ...healthyFacts(healthyRun(lost)), engineDeaths: [deathAt(first.startedAtMs + 1)] })).toContainEqual(
      ['lost', 1],
    );
  });
});

describe('a start that a killed engine has forgotten', () => {
  const [first, second] = healthy.executions as [(typeof healthy.executions)[0], (typeof healthy.executions)[0]];
  const times = { startedAtMs: 5_000, endedAtMs: 9_000, engineStartedAtMs: null };
  const forgotten = sampleExecution(1, { nonce: 'forgotten', ...times, engineLog: null });
  const run = healthyRun({ executions: [forgotten, first, second] });

  it('is told as such, with what it printed', () => {
    expect(check({ ...healthyFacts(run), engineDeaths: [deathAt(6_000)] })).toMatchObject({
      ...{ violations: [], forgottenStarts: 1, linesLostByEngine: LINES },
    });
  });

  it('is told as such where the engine has noted the start that ended it', () => {
    const ended = { ...forgotten, endedAtMs: null, engineStartedAtMs: 11_400 };
    const facts = { ...healthyFacts({ ...run, executions: [ended, first, second] }), engineDeaths: [deathAt(4_800)] };

    expect(check(facts)).toMatchObject({ violations: [], forgottenStarts: 1, linesLostByEngine: LINES });
  });

  it('is told as such with a line of which the engine had no more than the beginning when it was killed', () => {
    const [one, two] = forgotten.printed as [PrintedLine, PrintedLine];
    const torn = { ...two, text: two.text.slice(0, -3) };
    const heard = { ...forgotten, engineLog: forgotten.printed };
    const stored = [...storedOf({ ...first, printed: [one, torn] }), ...storedOf(second)];
    const facts = healthyRun({ executions: [heard, second], stored, run: { ...run.run!, attempts: [] } });
    const verdict = (lines = stored) =>
      found({ ...healthyFacts({ ...facts, stored: lines }), engineDeaths: [deathAt(6_000)] });

    expect(verdict()).not.toContainEqual(['foreign', 1]);
    expect(verdict(stored.filter(({ text }) => text !== one.text))).toContainEqual(['foreign', 1]);
  });

  it('has no line missing before one that is stored', () => {
    const printed = [forgotten.printed[0]!, forgotten.printed[2]!];
    const stored = [...storedOf({ ...first, printed }), ...storedOf(second)];
    const facts = healthyRun({ executions: [forgotten, second], stored, run: { ...run.run!, attempts: [] } });

    expect(found({ ...healthyFacts(facts), engineDeaths: [deathAt(6_000)] })).toContainEqual(['lost', 1]);
  });

  it('leaves the log of its attempt to one execution', () => {
    const heard = { ...forgotten, engineLog: forgotten.printed };
    const stored = [...storedOf({ ...first, printed: [...heard.printed, ...first.printed] }), ...storedOf(second)];
    const facts = healthyRun({ executions: [heard, first, second], stored, run: { ...run.run!, attempts: [] } });

    expect(found({ ...healthyFacts(facts), engineDeaths: [deathAt(6_000)] })).toEqual([['run-twice', 1]]);
  });

  it.each([
    ['killed long before the start', {}, [deathAt(-6_000)]],
    ['killed after its note of the start', { engineStartedAtMs: 4_900 }, [deathAt(6_000)]],
    ['not killed', {}, []],
  ])('is a second one where the engine was %s', (_, overrides, engineDeaths) => {
    const executions = [{ ...forgotten, ...overrides }, first, second];

    expect(found({ ...healthyFacts({ ...run, executions }), engineDeaths })).toContainEqual(['run-twice', 1]);
  });

  it('is not one that the engine notes a moment after its program has begun, soon after the engine was killed', () => {
    const executions = [{ ...first, engineStartedAtMs: first.startedAtMs + 18 }, second];

    const facts = { ...healthyFacts({ ...healthy, executions }), engineDeaths: [deathAt(first.startedAtMs - 6_000)] };
    expect(check(facts)).toMatchObject({ violations: [], forgottenStarts: 0 });
  });

  it('has used up what its program does first, so that its run succeeds an attempt earlier', () => {
    const [one, two] = healthy.run!.attempts as [RunAttempt, RunAttempt];
    const attempts = [{ ...one, reason: 'engine-restarted' as const, exitCode: null }, two];
    const executions = [{ ...first, engineStartedAtMs: first.startedAtMs + 60_000 }, second];
    const engineDeaths = [deathAt(first.startedAtMs + 500)];
    const verdict = (expected: Partial<RunFacts['expected']>): Verdict => {
      const tried = healthyRun({ executions, run: { ...healthy.run!, attempts } });
      return check({ ...healthyFacts({ ...tried, expected: { ...tried.expected, ...expected } }), engineDeaths });
    };

    expect(verdict({})).toMatchObject({ violations: [], forgottenStarts: 1, vainAttempts: 1 });
    expect(verdict({ attempts: 1, executions: 1 })).toMatchObject({ violations: [] });
    const kinds = ({ violations }: Verdict): string[] => violations.map(({ kind }) => kind);
    expect(kinds(verdict({ attempts: 3, executions: 3 }))).toEqual(['wrong-attempts', 'not-run']);
    const inEach = verdict({ state: 'failed', reason: 'exit-code' });
    expect(kinds(inEach)).toEqual(expect.arrayContaining(['wrong-attempts', 'not-run']));
  });

  it('is no excuse for two at once', () => {
    const executions = [forgotten, { ...first, alone: false }, second];

    expect(found({ ...healthyFacts({ ...run, executions }), engineDeaths: [deathAt(6_000)] })).toEqual([
      ['side-by-side', 1],
    ]);
  });
});

describe('an end that a killed engine has forgotten', () => {
  const [first, second] = healthy.executions as [(typeof healthy.executions)[0], (typeof healthy.executions)[0]];
  const [one, two] = healthy.run!.attempts as [RunAttempt, RunAttempt];
  const expected = { ...healthy.expected, attempts: 1, executions: 1 };
  const attempts = [{ ...one, reason: 'engine-restarted' as const, exitCode: 255 }, two];
  const run = healthyRun({ expected, run: { ...healthy.run!, attempts } });
  const endedAt = first.endedAtMs!;

  it('is told as such: its run was tried again', () => {
    const facts = { ...healthyFacts(run), engineDeaths: [deathAt(endedAt + 33)] };

    expect(check(facts)).toMatchObject({ violations: [], forgottenEnds: 1, forgottenStarts: 0, vainAttempts: 0 });
  });

  it('is told as such where the engine was frozen over it and killed long after', () => {
    const facts = { ...healthyFacts(run), engineDeaths: [deathAt(endedAt + 40_000, endedAt - 1_000)] };

    expect(check(facts)).toMatchObject({ violations: [], forgottenEnds: 1 });
  });

  it.each([
    ['was killed before the end', {}, [deathAt(endedAt - 1)]],
    ['was killed long after the end', {}, [deathAt(endedAt + 60_000)]],
    ['was frozen long after the end, and then killed', {}, [deathAt(endedAt + 60_000, endedAt + 20_000)]],
    ['killed the program with it', { endedAtMs: null }, [deathAt(endedAt + 33)]],
  ])('is none where the engine %s', (_, overrides, engineDeaths) => {
    const executions = [{ ...first, ...overrides }, second];

    expect(found({ ...healthyFacts({ ...run, executions }), engineDeaths })).toContainEqual(['run-twice', 1]);
  });

  it('need not have cost an attempt, where the program had failed and was to be tried again', () => {
    const planned = { ...healthyFacts(healthyRun({ run: run.run })), engineDeaths: [deathAt(endedAt + 33)] };

    expect(check(planned)).toMatchObject({ violations: [], forgottenEnds: 1 });
  });

  it('is none where Trainyard says anything else of the attempt', () => {
    const facts = healthyFacts(healthyRun({ expected }));

    expect(found({ ...facts, engineDeaths: [deathAt(endedAt + 33)] })).toContainEqual(['run-twice', 1]);
  });
});
