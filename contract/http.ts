import { Type, type Static, type TSchema } from '@sinclair/typebox';

import type { PullProgress } from './activities';
import { LOG_NOTES, type LogNote } from './log-note';
import { LOG_STREAMS, type LogStream } from './log-streams';
import { AttemptSchema, RunEventSchema, RunSchema, RunStateSchema } from './run';
import { RunSpecSchema } from './spec';
import { RUN_STATES } from './state';

/** The answers of the API that are more than a run: what its routes promise and its callers read. */

/** A list: `next` is the cursor of the page that follows, null at the end. */
export const PageSchema = <T extends TSchema>(item: T) =>
  Type.Object({ items: Type.Array(item), next: Type.Union([Type.String(), Type.Null()]) });

const PullProgressSchema = Type.Unsafe<PullProgress>(
  Type.Object({
    phase: Type.String({ enum: ['resolving', 'downloading', 'extracting'] satisfies PullProgress['phase'][] }),
    currentBytes: Type.Number({ minimum: 0 }),
    totalBytes: Type.Number({ minimum: 0, description: 'Of the layers that are known so far; 0 before any is.' }),
  }),
);

/** `spec` is null for a run that is known from its workflow only. */
export const RunDetailSchema = Type.Object(
  {
    ...RunSchema.properties,
    attempts: Type.Array(AttemptSchema),
    spec: Type.Union([RunSpecSchema, Type.Null()]),
    pull: Type.Union([PullProgressSchema, Type.Null()], {
      description: 'How far the pull of the image is; null in every other state, and where it is not known.',
    }),
  },
  { title: 'RunDetail' },
);

/** Lines of the end of its log that an attempt is shown with, where nobody asks for another number; and how many may be. */
export const LAST_LINES = 50;
export const MOST_LAST_LINES = 1_000;

export const AttemptDetailSchema = Type.Object(
  {
    ...AttemptSchema.properties,
    lastLines: Type.Array(Type.String(), {
      description: 'The last lines of its log, oldest first, long ones cut; empty once the log was removed.',
    }),
  },
  { title: 'AttemptDetail' },
);

const LinksSchema = Type.Object({
  self: Type.String(),
  run: Type.String(),
  logs: Type.String(),
  events: Type.String(),
});

/** A run as the short API shows it. */
export const TaskSchema = Type.Object(
  {
    task_id: Type.String({ description: 'Id of the run.' }),
    status: RunStateSchema,
    ...RunSchema.properties,
    links: LinksSchema,
  },
  { title: 'Task' },
);

export const TaskProgressSchema = Type.Object(
  {
    ...TaskSchema.properties,
    metrics: Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()], {
      description: 'The newest line of stdout that is a JSON object, such as the numbers of an epoch.',
    }),
  },
  { title: 'TaskProgress' },
);

const Count = Type.Integer({ minimum: 0 });

export const StatsSchema = Type.Object(
  {
    total: Count,
    byState: Type.Object(
      Object.fromEntries(RUN_STATES.map((state) => [state, Count])) as Record<
        (typeof RUN_STATES)[number],
        typeof Count
      >,
    ),
    byReason: Type.Record(Type.String(), Count, { description: 'Ended runs by end reason.' }),
    successRate: Type.Union([Type.Number({ minimum: 0, maximum: 1 }), Type.Null()], {
      description: 'Succeeded runs over all ended ones; null before any ended.',
    }),
    medianDurationSeconds: Type.Union([Type.Number({ minimum: 0 }), Type.Null()], {
      description: 'From start to end, of the newest 1,000 succeeded runs.',
    }),
    last24Hours: Type.Integer({ minimum: 0, description: 'Runs created in the last 24 hours.' }),
  },
  { title: 'Stats' },
);

const PartHealthSchema = Type.Object({
  ok: Type.Boolean(),
  detail: Type.String({ description: 'One sentence; where it is not well, with the mend.' }),
});

export const HealthSchema = Type.Object(
  {
    status: Type.Unsafe<'ok' | 'degraded' | 'down'>(
      Type.String({
        enum: ['ok', 'degraded', 'down'],
        description: 'down: Temporal or the store is away, so that no run can be submitted. degraded: anything else.',
      }),
    ),
    parts: Type.Object({
      temporal: PartHealthSchema,
      store: PartHealthSchema,
      workers: PartHealthSchema,
      hosts: PartHealthSchema,
    }),
  },
  { title: 'Health' },
);

/** A line of a log, as NDJSON and server-sent events carry it. */
export const LogLineSchema = Type.Object(
  {
    number: Type.Integer({ minimum: 1, description: "Place in the run's log, from 1; never changes." }),
    time: Type.String({ format: 'date-time', description: 'With nine digits of a second.' }),
    attempt: Type.Integer({ minimum: 1 }),
    stream: Type.Unsafe<LogStream>(Type.String({ enum: [...LOG_STREAMS] })),
    text: Type.String(),
    note: Type.Optional(
      Type.Unsafe<LogNote>(
        Type.String({
          enum: [...LOG_NOTES],
          description:
            'Only of a line of `system` that tells of the lines around it. gap: here lines are missing, or may be, and why. split: the line before it of the stream that it names was too long, and goes on in the next ones.',
        }),
      ),
    ),
  },
  { title: 'LogLine' },
);

/** A line that a search over the logs of all runs found. */
export const LogHitSchema = Type.Object(
  {
    runId: Type.String(),
    runName: Type.String(),
    ...LogLineSchema.properties,
    text: Type.String({ description: 'The line, or of a long one the part around what was found.' }),
    cut: Type.Boolean({ description: 'Whether `text` is only a part of the line.' }),
  },
  { title: 'LogHit' },
);

export const SEARCH_STOPS = ['hits', 'bytes', 'time'] as const;

export const LogSearchSchema = Type.Object(
  {
    ...PageSchema(LogHitSchema).properties,
    stopped: Type.Unsafe<(typeof SEARCH_STOPS)[number] | null>(
      Type.Union([Type.String({ enum: [...SEARCH_STOPS] }), Type.Null()], {
        description:
          'Why the page ends, where there is more to search: it has as many hits as were asked for, or the bytes or the time of one request were used up, also with few hits or none. Null where everything was searched.',
      }),
    ),
    searched: Type.Object({
      runs: Type.Integer({ minimum: 0, description: 'Runs whose logs this request looked at.' }),
      bytes: Type.Integer({ minimum: 0, description: 'Bytes of logs that it read.' }),
      until: Type.Union([Type.String({ format: 'date-time' }), Type.Null()], {
        description:
          'When the run was submitted that it came to; those that are older are left. Null: all are searched.',
      }),
    }),
  },
  { title: 'LogSearch' },
);

/** The first message of a log over a WebSocket that follows and was told where to begin by a tail or a time. */
export const LogBeginSchema = Type.Object(
  {
    event: Type.Literal('begin'),
    from: Type.Integer({ minimum: 1, description: 'Number of the line to go on from until a line has come.' }),
  },
  { title: 'LogBegin' },
);

/** The last message of a log over a WebSocket. */
export const LogEndSchema = Type.Object(
  {
    event: Type.Literal('end'),
    state: RunStateSchema,
    reason: RunSchema.properties.reason,
    message: RunSchema.properties.message,
  },
  { title: 'LogEnd' },
);

/** A message of `GET /ws`: an event of any run with its place in the feed of all runs. */
export const FeedMessageSchema = Type.Object(
  {
    position: Type.Integer({ minimum: 1, description: 'Pass the last one as `after` to go on from there.' }),
    ...RunEventSchema.properties,
  },
  { title: 'FeedMessage' },
);

export type AttemptDetail = Static<typeof AttemptDetailSchema>;
export type RunDetail = Static<typeof RunDetailSchema>;
export type Task = Static<typeof TaskSchema>;
export type TaskProgress = Static<typeof TaskProgressSchema>;
export type Health = Static<typeof HealthSchema>;
export type PartHealth = Static<typeof PartHealthSchema>;
/** A line as clients get it. */
export type DescribedLine = Static<typeof LogLineSchema>;
export type LogHit = Static<typeof LogHitSchema>;
export type LogSearch = Static<typeof LogSearchSchema>;
export type LogBegin = Static<typeof LogBeginSchema>;
export type LogEnd = Static<typeof LogEndSchema>;
export type FeedMessage = Static<typeof FeedMessageSchema>;
