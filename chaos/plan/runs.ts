import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { RunSubmission } from '../../contract/spec';
import type { Random } from '../random';
import type { Expected } from '../check/facts';

/** What the program does in one container; container/print-lines.py reads it. */
export interface Act {
  /** Before the first line. */
  quietMs: number;
  /** Null prints until it is asked to end. */
  lines: number | null;
  /** Lines in a row before each pause. */
  burst: number;
  pauseMs: number;
  /** One line in so many is long, if `blocks` says how. */
  longEvery: number;
  /** Blocks of padding in each long line, one after the other and from the first again. */
  blocks: number[];
  exitCode: number;
  /** Takes no notice of SIGTERM. */
  deaf: boolean;
}

/** A run of the workload, and what must have become of it in the end. */
export interface PlannedRun {
  kind: Kind;
  acts: Act[];
  policy: NonNullable<RunSubmission['policy']>;
  /** When a client cancels it: never, as soon as it is accepted, or so long after it was seen to have started. */
  cancel: 'never' | 'at-once' | { afterStartMs: number };
  expected: Expected;
}

const SCRIPT = readFileSync(join(__dirname, '../container/print-lines.py'), 'utf8');

const succeeded = (attempts: number): Expected => ({
  state: 'succeeded',
  reason: 'completed',
  attempts,
  executions: attempts,
});
const failed = (reason: Expected['reason'], attempts: number): Expected => ({
  state: 'failed',
  reason,
  attempts,
  executions: attempts,
});
const CANCELLED: Expected = { state: 'cancelled', reason: 'cancelled', attempts: 1, executions: 1 };
/** Whether it came to a container before the cancel is for chance to say. */
const CANCELLED_EARLY: Expected = {
  state: 'cancelled',
  reason: 'cancelled',
  attempts: 'any',
  executions: 'at-most-one',
};

const DELAY = '1s';
const FOREVER: Act = {
  ...{ quietMs: 0, lines: null, burst: 1, pauseMs: 100, exitCode: 0, deaf: false },
  ...{ longEvery: 3, blocks: [] },
};

type Recipe = (random: Random, longestSeconds: number) => Omit<PlannedRun, 'kind'>;

/** Every way in which a run lives and ends. */
const RECIPES = {
  quick: (random) => plain([printing(random, 1)], succeeded(1)),
  silent: () => plain([{ ...FOREVER, quietMs: 2_000, lines: 0 }], succeeded(1)),
  steady: (random, longest) => plain([printing(random, random.whole(longest / 4, longest / 2))], succeeded(1)),
  long: (random, longest) => plain([printing(random, longest)], succeeded(1)),
  bursts: (random, longest) => plain([bursting(random, random.whole(longest / 4, longest))], succeeded(1)),
  'long-lines': (random, longest) => plain([longLines(random, random.whole(longest / 4, longest / 2))], succeeded(1)),
  'second-try': (random, longest) =>
    retried([{ ...printing(random, longest / 4), exitCode: 1 }, printing(random, longest / 4)], 3, succeeded(2)),
  'third-try': (random) =>
    retried(
      [1, 1, 0].map((exitCode) => ({ ...printing(random, 2), exitCode })),
      3,
      succeeded(3),
    ),
  hopeless: (random) => retried([{ ...printing(random, 2), exitCode: 3 }], 2, failed('exit-code', 2)),
  'ruled-out': (random, longest) => ({
    ...plain([{ ...printing(random, longest / 4), exitCode: 2 }], failed('exit-code', 1)),
    policy: { retries: { attempts: 3, delay: DELAY, rules: [{ when: { exitCode: [2] }, then: 'fail' }] } },
  }),
  'over-time': () => ({
    ...plain([FOREVER], failed('running-timeout', 1)),
    policy: { timeouts: { running: '8s', grace: '5s' } },
  }),
  cancelled: (random) => cancelled(random, { ...FOREVER, burst: random.whole(1, 5) }),
  'cancelled-deaf': (random) => cancelled(random, { ...FOREVER, deaf: true }),
  'cancelled-early': () => ({ ...plain([FOREVER], CANCELLED_EARLY), cancel: 'at-once' }),
} satisfies Record<string, Recipe>;

export type Kind = keyof typeof RECIPES;

export const KINDS = Object.keys(RECIPES) as Kind[];

/**
 * One run after the other, without end: all kinds in random order before any comes again.
 *
 * @param longestSeconds how long the longest of them prints.
 */
export function* planRuns(random: Random, longestSeconds: number): Generator<PlannedRun, never> {
  for (;;) {
    for (const kind of random.shuffled(KINDS)) yield { kind, ...(RECIPES[kind] as Recipe)(random, longestSeconds) };
  }
}

/** What a client submits; `truth` is the folder of the host for what the containers write down. */
export function submissionOf(
  { kind, acts, policy }: PlannedRun,
  { image, truth, label }: { image: string; truth: string; label: string },
): RunSubmission {
  return {
    name: kind,
    image,
    pullPolicy: 'never',
    command: ['python3', '-c', SCRIPT],
    env: { CHAOS_PLAN: JSON.stringify(acts) },
    mounts: [{ source: truth, target: '/truth', readOnly: false }],
    // Twenty at once have room on two CPUs.
    resources: { cpus: 0.1, memory: '128m' },
    labels: { chaos: label },
    policy,
  };
}

function plain(acts: Act[], expected: Expected): Omit<PlannedRun, 'kind'> {
  return { acts, policy: {}, cancel: 'never', expected };
}

function retried(acts: Act[], attempts: number, expected: Expected): Omit<PlannedRun, 'kind'> {
  return { ...plain(acts, expected), policy: { retries: { attempts, delay: DELAY } } };
}

function cancelled(random: Random, act: Act): Omit<PlannedRun, 'kind'> {
  const policy = { timeouts: { grace: '3s' } };
  return { ...plain([act], CANCELLED), policy, cancel: { afterStartMs: random.whole(500, 8_000) } };
}

/** Lines at a steady rate of 5 to 40 a second for about this long. */
function printing(random: Random, seconds: number): Act {
  const pauseMs = random.whole(25, 200);
  return { ...FOREVER, lines: Math.ceil((seconds * 1000) / pauseMs), pauseMs };
}

/** Up to 500 lines at once, every second or two. */
function bursting(random: Random, seconds: number): Act {
  const burst = random.whole(50, 500);
  const pauseMs = random.whole(1_000, 2_000);
  return { ...FOREVER, lines: Math.ceil((seconds * 1000) / pauseMs) * burst, burst, pauseMs };
}

/**
 * At most 5 long lines a second, each of 17 to 60 KB: the engine cuts them into two to four pieces. They are too few for it to
 * begin another log file, of which `keepEngineLogs` would not know.
 */
function longLines(random: Random, seconds: number): Act {
  const pauseMs = random.whole(70, 200);
  const blocks = Array.from({ length: DIFFERENT_SIZES }, () => random.whole(1_200, 3_400));
  return { ...FOREVER, lines: Math.ceil((seconds * 1000) / pauseMs), pauseMs, blocks };
}

const DIFFERENT_SIZES = 20;
