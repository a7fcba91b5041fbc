import { Type, type Static } from '@sinclair/typebox';

import { UNREACHABLE_DEFAULT, WARN_SIGNAL_DEFAULT } from './defaults';
import { DefaultedDurationSchema as Duration, DurationSchema } from './duration-schema';
import { POLICY_REFERENCE_PATTERN, POLICY_VERSION_PATTERN } from './policy-reference';
import { RetriesSchema } from './spec-retries';

/** The part of a run spec that says how long to wait for what, and what to do when it goes wrong. */

const closed = { additionalProperties: false } as const;

/** Signals that a program may be warned with; each has some use that programs know, and none can do worse than end it. */
export const WARN_SIGNALS = ['SIGUSR1', 'SIGUSR2', 'SIGINT', 'SIGHUP', 'SIGTERM', 'SIGWINCH'] as const;

export type WarnSignal = (typeof WARN_SIGNALS)[number];

export const WarnSignalSchema = Type.Unsafe<WarnSignal>(
  Type.String({
    enum: [...WARN_SIGNALS],
    description: `Signal of the warning; a program that does not handle it is ended by it, except by SIGWINCH. Default ${WARN_SIGNAL_DEFAULT}.`,
    mend: `write one of ${WARN_SIGNALS.join(', ')}`,
  }),
);

const TimeoutsSchema = Type.Object(
  {
    queued: Duration('Wait for a host whose engine answers.', '24h'),
    pull: Duration('Pull of the image in all.', '60m'),
    pullSilence: Duration('Pull without any progress; extraction counts as progress.', '5m'),
    start: Duration('Creation and start of the container.', '2m'),
    running: Duration('One attempt, from the start of its container.', '12h'),
    silence: Type.Optional(
      DurationSchema(
        'A container that writes no line and no checkpoint; time in which it is paused or its engine is away does not count. At least 1s, less than `running`. Off where it is left out.',
      ),
    ),
    unreachable: Duration(
      'A host that does not answer while it has a container of the run; then its lease is revoked and the run may go on elsewhere.',
      UNREACHABLE_DEFAULT,
    ),
    total: Duration(
      'The run in all, from submission, waits and retries included, time in which it is suspended not. Parts that are left out are at most this; left out itself, it is at least `queued` and `running` together.',
      '36h',
    ),
    grace: Duration('Between SIGTERM and SIGKILL when a container is stopped. At most 1h.', '30s'),
    warn: Type.Optional(
      DurationSchema(
        'How long before the end of `running` or `total` the program is sent `warnSignal`, such as to save a checkpoint; less than both. Off where it is left out.',
      ),
    ),
    warnSignal: Type.Optional(WarnSignalSchema),
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

type WrittenTimeouts = Static<typeof TimeoutsSchema>;
/** Times that are off where they are left out, and what belongs to them. */
type OffByDefault = 'silence' | 'warn' | 'warnSignal';
export type Timeouts = Required<Omit<WrittenTimeouts, OffByDefault>> & Pick<WrittenTimeouts, OffByDefault>;
export type PolicyFields = Static<typeof PolicyFieldsSchema>;
export type PolicyInput = Static<typeof PolicySchema>;
