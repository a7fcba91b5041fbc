import { check } from '../../chaos/check/check';
import type { Execution, Facts, PrintedLine, RunFacts, StoredLine } from '../../chaos/check/facts';
import { foldedPadding } from '../../chaos/padding';

/** What a healthy run leaves: a first attempt of ten lines that failed, and a second one of ten lines that succeeded. */
export function healthyRun(overrides: Partial<RunFacts> = {}): RunFacts {
  const executions = [1, 2].map((attempt) => sampleExecution(attempt));
  return {
    kind: 'second-try',
    key: 'key-1',
    ids: ['run-1'],
    expected: { state: 'succeeded', reason: 'completed', attempts: 2, executions: 2 },
    run: {
      state: 'succeeded',
      reason: 'completed',
      attempt: 2,
      message: null,
      attempts: executions.map(({ attempt, printed }) => sampleAttempt(attempt, printed.length)),
    },
    workflow: 'COMPLETED',
    stored: executions.flatMap((execution) => storedOf(execution)),
    executions,
    followed: null,
    ...overrides,
  };
}

export function healthyFacts(run: RunFacts = healthyRun()): Facts {
  return { runs: [run], strangers: [], left: [], engineDeaths: [], complaints: [] };
}

export const LINES = 10;

export function sampleExecution(attempt: number, overrides: Partial<Execution> = {}): Execution {
  const nonce = overrides.nonce ?? `nonce${attempt}`;
  const printed = Array.from({ length: LINES }, (_, index): PrintedLine => {
    const stream = index % 5 === 4 ? 'stderr' : 'stdout';
    return { stream, text: `run-1 ${attempt} ${index + 1} ${nonce}` };
  });
  return {
    attempt,
    nonce,
    alone: true,
    startedAtMs: attempt * 10_000,
    endedAtMs: attempt * 10_000 + 5_000,
    engineStartedAtMs: attempt * 10_000,
    printed,
    engineLog: printed,
    ...overrides,
  };
}

/** A long line of stdout, folded as it is kept; a nonce has eight digits outside of these tests, too. */
export function longLine(number: number, blocks: number, nonce = 'abcdef01'): string {
  return `run-1 1 ${number} ${foldedPadding(nonce, 'stdout', number, blocks)} ${nonce}`;
}

/** The log of an execution as it should be stored, with its seal. */
export function storedOf({ attempt, printed }: Execution): StoredLine[] {
  return [...printed.map((line) => ({ attempt, ...line })), seal(attempt, printed.length)];
}

export function seal(attempt: number, lines: number, gaps = 0): StoredLine {
  return { attempt, stream: 'system', text: `sealed: ${lines} lines, ${gaps} gaps, 0 bad bytes` };
}

function sampleAttempt(number: number, logLines: number) {
  const unknown = {
    host: null,
    form: 'container' as const,
    containerId: null,
    changes: [],
    evidence: null,
    machine: null,
    nodes: [],
    imageDigest: null,
    message: null,
    startedAt: null,
    endedAt: null,
  };
  return { ...unknown, number, reason: null, exitCode: 0, logLines, logGaps: 0 };
}

/** The kinds of what is found, with how many lines, runs or containers each is about. */
export function found(facts: Facts): [kind: string, count: number][] {
  return check(facts).violations.map(({ kind, count }) => [kind, count]);
}
