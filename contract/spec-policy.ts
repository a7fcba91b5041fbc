import { Type, type Static } from '@sinclair/typebox';

import { UNREACHABLE_DEFAULT } from './defaults';
import { POLICY_REFERENCE_PATTERN, POLICY_VERSION_PATTERN } from './policy-reference';
import { DURATION_PATTERN } from './units';

/** The part of a run spec that says how long to wait for what, and what to do when it goes wrong. */

const Duration = (description: string, fallback: string) =>
  Type.Optional(
    Type.String({
      pattern: DURATION_PATTERN,
      default: fallback,
      description: `${description} Default ${fallback}.`,
      mend: 'write a duration such as "30s", "5m", "12h" or "1d"',
    }),
  );

const closed = { additionalProperties: false } as const;

const RetryRuleSchema = Type.Object(
  {
    when: Type.Object(
      {
        exitCode: Type.Array(Type.Integer({ minimum: 0, maximum: 255 }), {
          minItems: 1,
          description: 'Exit codes that the rule is for.',
          mend: 'write a list of exit codes from 0 to 255, such as [1, 137]',
        }),
      },
      closed,
    ),
    then: Type.Union([Type.Literal('retry'), Type.Literal('fail')], { mend: 'write "retry" or "fail"' }),
  },
  closed,
);

const RetriesSchema = Type.Object(
  {
    attempts: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 10,
        default: 1,
        description: "Attempts in all for causes that are the run's own, the first one included. Default 1: no retry.",
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
    rules: Type.Optional(
      Type.Array(RetryRuleSchema, {
        maxItems: 32,
        default: [],
        description:
          'First match wins. An exit code that no rule names fails the run as soon as there is any rule; without rules every failure of the command is retried while there are attempts.',
      }),
    ),
  },
  { ...closed, default: {} },
);

const TimeoutsSchema = Type.Object(
  {
    queued: Duration('Wait for a host whose engine answers.', '24h'),
    pull: Duration('Pull of the image in all.', '60m'),
    pullSilence: Duration('Pull without any progress; extraction counts as progress.', '5m'),
    start: Duration('Creation and start of the container.', '2m'),
    running: Duration('One attempt, from the start of its container.', '12h'),
    unreachable: Duration(
      'A host that does not answer while it has a container of the run; then its lease is revoked and the run may go on elsewhere.',
      UNREACHABLE_DEFAULT,
    ),
    total: Duration(
      'The run in all, from submission, waits and retries included. Parts that are left out are at most this; left out itself, it is at least `queued` and `running` together.',
      '36h',
    ),
    grace: Duration('Between SIGTERM and SIGKILL when a container is stopped. At most 1h.', '30s'),
  },
  { ...closed, default: {} },
);

const fields = { timeouts: Type.Optional(TimeoutsSchema), retries: Type.Optional(RetriesSchema) };

/** What a policy says, and all that a named one can. */
export const PolicyFieldsSchema = Type.Object(fields, { ...closed, default: {} });

export const PolicySchema = Type.Object(
  {
    use: Type.Optional(
      Type.String({
        pattern: POLICY_REFERENCE_PATTERN,
        description:
          'Named policy to start from, or a version of it, such as "patient" or "patient@3"; the other fields go over it, a list in place of its list.',
        mend: 'write the name of a policy, such as "patient", or a version of it, such as "patient@3"',
      }),
    ),
    ...fields,
    from: Type.Optional(
      Type.String({
        pattern: POLICY_VERSION_PATTERN,
        description: 'The named policy that the fields came from; Trainyard writes it.',
        mend: 'leave it out; `use` names a policy',
      }),
    ),
  },
  { ...closed, default: {} },
);

/** As a submission has it: an object, or the name of a policy. */
export const PolicyOrNameSchema = Type.Union([
  Type.String({
    pattern: POLICY_REFERENCE_PATTERN,
    description: 'Named policy, or a version of it, such as "patient" or "patient@3".',
  }),
  PolicySchema,
]);

export type RetryRule = Static<typeof RetryRuleSchema>;
export type Timeouts = Required<Static<typeof TimeoutsSchema>>;
export type Retries = Required<Static<typeof RetriesSchema>>;
export type PolicyFields = Static<typeof PolicyFieldsSchema>;
export type PolicyInput = Static<typeof PolicySchema>;
