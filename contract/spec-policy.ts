import { Type, type Static } from '@sinclair/typebox';

import { UNREACHABLE_DEFAULT } from './defaults';
import { RetriesSchema } from './spec-retries';
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

export const PolicySchema = Type.Object(
  { timeouts: Type.Optional(TimeoutsSchema), retries: Type.Optional(RetriesSchema) },
  {
    ...closed,
    default: {},
  },
);

export type Timeouts = Required<Static<typeof TimeoutsSchema>>;
