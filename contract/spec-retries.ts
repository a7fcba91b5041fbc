import { Type, type Static } from '@sinclair/typebox';

import { DefaultedDurationSchema as Duration } from './duration-schema';
import { PATTERN_MAX_LENGTH } from './pattern-limits';
import { END_REASONS } from './reason';
import { SIGNALS } from './signals';
import { SIZE_PATTERN } from './units';

/** The part of a policy that says which failures are tried again, how often, and what the next attempt has otherwise. */

const Words = <T extends string>(words: readonly T[], description: string) =>
  Type.Optional(
    Type.Array(Type.Unsafe<T>(Type.String({ enum: [...words] })), {
      minItems: 1,
      maxItems: words.length,
      description,
      mend: `write a list of words such as ["${words[1]}"]`,
    }),
  );

const closed = { additionalProperties: false } as const;

const WhenSchema = Type.Object(
  {
    exitCode: Type.Optional(
      Type.Array(
        Type.Union([
          Type.Integer({ minimum: 1, maximum: 255 }),
          Type.String({ pattern: '^[0-9]{1,3}-[0-9]{1,3}$', maxLength: 7 }),
        ]),
        {
          minItems: 1,
          maxItems: 32,
          description:
            "Exit codes of the command's own, and ranges of them. A command that Trainyard stopped has none.",
          mend: 'write a list of exit codes from 1 to 255 and of ranges, such as [1, "64-78"]',
        },
      ),
    ),
    signal: Words(SIGNALS, 'Signals that ended the command and that Trainyard did not send.'),
    outOfMemory: Type.Optional(
      Type.Literal(true, {
        description: 'The kernel ended a process of the container for want of memory.',
        mend: 'write true, or leave it out',
      }),
    ),
    log: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: PATTERN_MAX_LENGTH,
        description: 'A regular expression in the syntax of RE2 that is found in one of the last lines of the log.',
        mend: `write a regular expression of at most ${PATTERN_MAX_LENGTH} characters, such as "CUDA error: .*ECC"`,
      }),
    ),
    reason: Words(
      END_REASONS,
      "End reasons. A rule without them is for failures of the run's own; to speak of another, name it here.",
    ),
  },
  {
    ...closed,
    minProperties: 1,
    description: 'All that is given must hold.',
    mend: 'give at least one of `exitCode`, `signal`, `outOfMemory`, `log` and `reason`',
  },
);

const Factor = (description: string) =>
  Type.String({
    pattern: '^[x/][0-9]+([.][0-9]+)?$',
    maxLength: 16,
    description,
    mend: 'write a factor such as "x2", or a divisor such as "/2"',
  });

const Growth = (description: string) =>
  Type.Optional(
    Type.String({
      pattern: '^x[0-9]+([.][0-9]+)?$',
      maxLength: 16,
      description,
      mend: 'write a factor such as "x1.5"; it can only grow',
    }),
  );

const NamedFactor = (name: string, description: string) =>
  Type.Optional(
    Type.Record(Type.String({ pattern: name }), Factor('Times that, or divided by it.'), {
      additionalProperties: false,
      minProperties: 1,
      maxProperties: 1,
      description,
      mend: 'name one of them, with a factor such as "x2" or a divisor such as "/2"',
    }),
  );

const ChangeSchema = Type.Object(
  {
    memory: Growth('Makes `resources.memory` this many times what it was, in whole MiB.'),
    shm: Growth('Makes `resources.shm` this many times what it was, in whole MiB.'),
    env: NamedFactor('^[A-Za-z_][A-Za-z0-9_]{0,255}$', 'Changes one variable whose value is a number.'),
    params: NamedFactor('^[A-Za-z_][A-Za-z0-9_]{0,63}$', 'Changes one parameter that is a number.'),
    upTo: Type.Optional(
      Type.Union([Type.Number(), Type.String({ pattern: SIZE_PATTERN, maxLength: 32 })], {
        description: 'What it never goes above: a size for memory and shm, a number for the others.',
        mend: 'write a size such as "32g" for memory and shm, a number for env and params',
      }),
    ),
    downTo: Type.Optional(
      Type.Number({ description: 'What it never goes below, with a divisor.', mend: 'write a number' }),
    ),
  },
  {
    ...closed,
    description: 'What the next attempts have otherwise: one thing, by a factor and with a bound.',
    mend: 'write such as { memory: "x1.5", upTo: "32g" }',
  },
);

const RetryRuleSchema = Type.Object(
  {
    when: WhenSchema,
    then: Type.Union([Type.Literal('retry'), Type.Literal('retry-elsewhere'), Type.Literal('fail')], {
      description:
        'retry-elsewhere: on another host where there is one that can take the run. A rule that says fail goes before every other that fits.',
      mend: 'write "retry", "retry-elsewhere" or "fail"',
    }),
    change: Type.Optional(ChangeSchema),
  },
  { ...closed, mend: 'write such as { when: { exitCode: [1] }, then: retry }' },
);

export const RetriesSchema = Type.Object(
  {
    attempts: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 10,
        default: 1,
        description:
          "Attempts for causes that are the run's own, the first one included; counted anew with each one that got further than all before it. Default 1: no retry.",
        mend: 'write a whole number from 1 to 10',
      }),
    ),
    delay: Duration('Wait before the first retry.', '10s'),
    factor: Type.Optional(
      Type.Number({
        minimum: 1,
        maximum: 10,
        default: 1,
        description: 'Each wait is this many times the one before. Default 1: all waits are the same.',
        mend: 'write a number from 1 to 10',
      }),
    ),
    maxDelay: Duration('No wait is longer.', '5m'),
    infrastructure: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 100,
        default: 5,
        description: "Retries for causes that are not the run's own, such as an engine that went away. Default 5.",
        mend: 'write a whole number from 0 to 100',
      }),
    ),
    sameFailure: Type.Optional(
      Type.Integer({
        minimum: 2,
        maximum: 10,
        default: 2,
        description:
          'As many failures in a row that are the same one, without progress and without a change between them, end the run. Default 2.',
        mend: 'write a whole number from 2 to 10',
      }),
    ),
    rules: Type.Optional(
      Type.Array(RetryRuleSchema, {
        maxItems: 32,
        default: [],
        description:
          "The first that fits decides, but one that says fail goes before any other. With any rule, a failure of the run's own that none of them fits ends the run; without rules every such failure is retried while there are attempts.",
        mend: 'write a list of at most 32 rules such as { when: { exitCode: [1] }, then: retry }',
      }),
    ),
  },
  { ...closed, default: {} },
);

export type RetryRule = Static<typeof RetryRuleSchema>;
export type RuleCondition = Static<typeof WhenSchema>;
export type RuleChange = Static<typeof ChangeSchema>;
export type Retries = Required<Static<typeof RetriesSchema>>;
