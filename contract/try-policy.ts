import { Type, type Static } from '@sinclair/typebox';

import { END_REASONS } from './reason';
import { EndReasonSchema } from './run';
import { SIGNALS, type Signal } from './signals';
import { PolicyOrNameSchema, PolicySchema } from './spec-policy';

/** What a policy would have decided: over what attempts of past runs came to, or over outcomes that somebody wrote down. */

/** Runs, and sequences of outcomes, that one request may ask about. */
export const MOST_TRIED = 100;

const closed = { additionalProperties: false } as const;

const OutcomeSchema = Type.Object(
  {
    reason: Type.Unsafe<(typeof END_REASONS)[number]>(
      Type.String({
        enum: [...END_REASONS],
        description: 'How the attempt ended.',
        mend: 'write an end reason such as "exit-code", "out-of-memory" or "host-lost"',
      }),
    ),
    exitCode: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 255,
        description: 'Exit code of the command; left out beside a signal, 128 plus its number.',
        mend: 'write a whole number from 0 to 255',
      }),
    ),
    signal: Type.Optional(
      Type.Unsafe<Signal>(
        Type.String({
          enum: [...SIGNALS],
          description: 'Signal that ended the command.',
          mend: 'write such as "SIGSEGV"',
        }),
      ),
    ),
    outOfMemory: Type.Optional(Type.Boolean({ description: 'The kernel ended a process for want of memory.' })),
    traceback: Type.Optional(
      Type.String({
        maxLength: 4096,
        description: 'Last line of a Python traceback: `type: message`.',
        mend: 'write such as "RuntimeError: CUDA error: device-side assert triggered"',
      }),
    ),
    step: Type.Optional(
      Type.Integer({ minimum: 0, description: 'Highest step or epoch that it came to.', mend: 'write a whole number' }),
    ),
    checkpoint: Type.Optional(
      Type.String({ minLength: 1, maxLength: 255, description: 'Name of the newest checkpoint that it left.' }),
    ),
    log: Type.Optional(
      Type.String({ maxLength: 65_536, description: 'Its last lines, for rules that look into the log.' }),
    ),
  },
  closed,
);

const fields = {
  runs: Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: 512 }), {
      maxItems: MOST_TRIED,
      description: 'Ids of runs whose attempts the policy is tried on.',
      mend: `write a list of at most ${MOST_TRIED} ids of runs`,
    }),
  ),
  outcomes: Type.Optional(
    Type.Array(OutcomeSchema, {
      maxItems: MOST_TRIED,
      description: 'How the attempts of a run end, one after the other.',
      mend: `write a list of at most ${MOST_TRIED} outcomes, such as [{ reason: "exit-code", exitCode: 1 }]`,
    }),
  ),
};

export const PolicyTrialSchema = Type.Object(
  { policy: PolicyOrNameSchema, ...fields },
  {
    ...closed,
    title: 'PolicyTrial',
    examples: [
      {
        policy: { use: 'patient', retries: { attempts: 2 } },
        outcomes: [{ reason: 'exit-code', exitCode: 1 }, { reason: 'host-lost' }, { reason: 'exit-code', exitCode: 1 }],
      },
    ],
  },
);

/** The same as it is checked: whoever resolves the policy checks its name. */
export const CheckedTrialSchema = Type.Object({ policy: Type.Optional(PolicySchema), ...fields }, closed);

export const DECISIONS = ['end', 'stop', 'retry', 'retry-elsewhere', 'unknown', 'not-made'] as const;

const TriedAttemptSchema = Type.Object({
  attempt: Type.Integer({ minimum: 1 }),
  reason: EndReasonSchema,
  exitCode: Type.Union([Type.Integer(), Type.Null()]),
  message: Type.String({ description: 'How it ended, as a sentence.' }),
  decision: Type.Unsafe<(typeof DECISIONS)[number]>(
    Type.String({
      enum: [...DECISIONS],
      description:
        'end: it succeeded, or somebody wanted it so. stop: no further attempt. unknown: under the policy it would not have ended so. not-made: the policy would have stopped before it.',
    }),
  ),
  delay: Type.Union([Type.String(), Type.Null()], { description: 'Wait before the next attempt, as a duration.' }),
  changes: Type.Array(Type.String(), {
    description: 'What the next attempts have otherwise than the spec, such as `resources.memory: 96m`.',
  }),
  because: Type.String({ description: 'Why, in a few words.' }),
  differs: Type.Union([Type.String(), Type.Null()], {
    description: 'Where the run went another way, as a sentence; null where it did not.',
  }),
});

export const TriedSchema = Type.Object(
  {
    runId: Type.Union([Type.String(), Type.Null()], { description: 'Null for outcomes that were written down.' }),
    verdict: Type.String({ description: 'What comes of it, and where the run went another way, as a sentence.' }),
    differs: Type.Boolean(),
    attempts: Type.Array(TriedAttemptSchema),
    notes: Type.Array(Type.String(), { description: 'What could not be known.' }),
  },
  { title: 'TriedPolicy' },
);

export const TriedPageSchema = Type.Object({ items: Type.Array(TriedSchema), next: Type.Null() });

export type Outcome = Static<typeof OutcomeSchema>;
export type PolicyTrial = Static<typeof PolicyTrialSchema>;
export type TriedAttempt = Static<typeof TriedAttemptSchema>;
export type Tried = Static<typeof TriedSchema>;
