import { Type, type Static, type TSchema } from '@sinclair/typebox';

import { RunSubmissionSchema } from './spec';
import { DURATION_PATTERN } from './units';

/** Recurring runs: what a user writes to make a schedule, and what the API answers of one. */

/**
 * What happens when a time comes while an earlier run of the schedule is going on. Ending the earlier one by force is not
 * offered: its container would be left behind.
 */
export const OVERLAP_POLICIES = ['skip', 'buffer-one', 'buffer-all', 'cancel-other', 'allow-all'] as const;

export type OverlapPolicy = (typeof OVERLAP_POLICIES)[number];

export const DEFAULT_OVERLAP: OverlapPolicy = 'skip';
export const DEFAULT_CATCH_UP_WINDOW = '1h';

const CRON_FIELD = '[0-9A-Za-z*/,-]+';
export const CRON_PATTERN = `^(@(yearly|annually|monthly|weekly|daily|midnight|hourly)|${CRON_FIELD}( +${CRON_FIELD}){4})$`;

const closed = { additionalProperties: false } as const;

const OverlapSchema = Type.Unsafe<OverlapPolicy>(
  Type.String({
    enum: [...OVERLAP_POLICIES],
    default: DEFAULT_OVERLAP,
    description:
      'What to do when a time comes while a run of the schedule is going on: leave the new one out (skip), start it afterwards (buffer-one, buffer-all), cancel the one that is going on (cancel-other), or run both (allow-all). Default skip.',
    mend: `write one of ${OVERLAP_POLICIES.map((policy) => `"${policy}"`).join(', ')}`,
  }),
);

const NameSchema = Type.String({
  pattern: '^[a-z0-9][a-z0-9-]{0,62}$',
  description: 'Name of the schedule; the ids of its runs begin with it.',
  mend: 'write 1 to 63 lower-case letters, digits and dashes, the first a letter or digit',
});

const timing = {
  cron: Type.Optional(
    Type.String({
      pattern: CRON_PATTERN,
      maxLength: 256,
      description:
        'When to run: minute, hour, day of month, month, day of week; or @hourly, @daily, @weekly, @monthly, @yearly. Where a day of month and a day of week are given, both must fit. It must come at some time: 31 February is refused. Either this or `every`.',
      mend: 'write five fields such as "0 3 * * MON-FRI", or a word such as "@daily"',
    }),
  ),
  timeZone: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 64,
      description: 'Time zone that `cron` is meant in, by its IANA name. Required with `cron`.',
      mend: 'write the IANA name of a time zone, such as "UTC" or "Europe/Berlin"',
    }),
  ),
  every: Type.Optional(
    Type.String({
      pattern: DURATION_PATTERN,
      description:
        'Run each time this long has passed, counted from 1970-01-01T00:00:00Z; whole seconds, from 1s. Either this or `cron`.',
      mend: 'write a duration of whole seconds such as "30s", "15m" or "6h"',
    }),
  ),
  offset: Type.Optional(
    Type.String({
      pattern: DURATION_PATTERN,
      description: 'Moves the times of `every` by this much; less than `every`. Default 0s.',
      mend: 'write a duration of whole seconds such as "5m"',
    }),
  ),
} satisfies Record<string, TSchema>;

const settings = {
  ...timing,
  run: RunSubmissionSchema,
  overlap: Type.Optional(OverlapSchema),
  catchUpWindow: Type.Optional(
    Type.String({
      pattern: DURATION_PATTERN,
      default: DEFAULT_CATCH_UP_WINDOW,
      description:
        'A time that was missed while Temporal was away is made up for if it is not longer ago than this; at least 10s. Default 1h.',
      mend: 'write a duration such as "30m" or "1h"',
    }),
  ),
  paused: Type.Optional(Type.Boolean({ description: 'Starts no runs until it is unpaused. Default false.' })),
  note: Type.Optional(
    Type.String({ maxLength: 500, description: 'For people.', mend: 'write at most 500 characters' }),
  ),
} satisfies Record<string, TSchema>;

const example = {
  cron: '0 3 * * MON-FRI',
  timeZone: 'Europe/Berlin',
  run: { recipe: 'digits', params: { epochs: 5 } },
  overlap: 'skip',
};

export const ScheduleInputSchema = Type.Object(
  { name: NameSchema, ...settings },
  { ...closed, title: 'ScheduleInput', examples: [{ name: 'nightly-digits', ...example }] },
);

/** What a schedule is replaced with; `paused` and `note` stay as they are where they are left out. */
export const ScheduleReplacementSchema = Type.Object(settings, {
  ...closed,
  title: 'ScheduleReplacement',
  examples: [example],
});

export const ScheduleNoteSchema = Type.Object({ note: settings.note }, { ...closed, title: 'ScheduleNote' });

export const ScheduleTriggerSchema = Type.Object(
  { overlap: Type.Optional(OverlapSchema) },
  { ...closed, title: 'ScheduleTrigger' },
);

const ScheduledRunSchema = Type.Object({
  runId: Type.String(),
  scheduledAt: Type.String({ format: 'date-time', description: 'The time that it was meant for.' }),
  startedAt: Type.String({ format: 'date-time', description: 'When it was started.' }),
});

const facts = {
  name: NameSchema,
  ...timing,
  paused: Type.Boolean(),
  note: Type.Union([Type.String(), Type.Null()]),
  nextTimes: Type.Array(Type.String({ format: 'date-time' }), { description: 'The next times, soonest first.' }),
  recentRuns: Type.Array(ScheduledRunSchema, { description: 'The newest runs, newest first.' }),
} satisfies Record<string, TSchema>;

/** A schedule as it stands in a list. */
export const ScheduleSummarySchema = Type.Object(facts, { title: 'ScheduleSummary' });

export const ScheduleSchema = Type.Object(
  {
    ...facts,
    run: RunSubmissionSchema,
    overlap: OverlapSchema,
    catchUpWindow: Type.String({ description: 'A duration.' }),
    runningRuns: Type.Array(Type.String(), {
      description: 'Ids of the runs that are going on; those that were started under `allow-all` are not counted.',
    }),
    skippedRuns: Type.Integer({ minimum: 0, description: 'Times that were left out because of `overlap`.' }),
    missedRuns: Type.Integer({ minimum: 0, description: 'Times that were missed beyond `catchUpWindow`.' }),
    createdAt: Type.String({ format: 'date-time' }),
    updatedAt: Type.Union([Type.String({ format: 'date-time' }), Type.Null()]),
  },
  { title: 'Schedule' },
);

export type ScheduleInput = Static<typeof ScheduleInputSchema>;
export type ScheduleReplacement = Static<typeof ScheduleReplacementSchema>;
export type ScheduleNote = Static<typeof ScheduleNoteSchema>;
export type ScheduleTrigger = Static<typeof ScheduleTriggerSchema>;
export type ScheduleSummary = Static<typeof ScheduleSummarySchema>;
export type Schedule = Static<typeof ScheduleSchema>;

/** Whether a text is the IANA name of a time zone that this machine knows. */
export function isTimeZone(text: string): boolean {
  if (!/^[A-Za-z]/.test(text)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: text });
    return true;
  } catch {
    return false;
  }
}
