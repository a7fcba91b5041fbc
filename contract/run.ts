import { Type, type Static } from '@sinclair/typebox';

import { EvidenceSchema, MachineSchema } from './evidence';
import { END_REASONS } from './reason';
import type { RunSpec } from './spec';
import { RUN_STATES } from './state';

/** What the world sees of a run: the read model, the answer of the API, and what a workflow reports of itself. */

const Nullable = <T extends ReturnType<typeof Type.String> | ReturnType<typeof Type.Integer>>(schema: T) =>
  Type.Union([schema, Type.Null()]);
const Instant = (description: string) => Type.String({ format: 'date-time', description });

export const RunStateSchema = Type.Unsafe<(typeof RUN_STATES)[number]>(
  Type.String({ enum: [...RUN_STATES], description: 'Where the run is in its life.' }),
);
export const EndReasonSchema = Type.Unsafe<(typeof END_REASONS)[number]>(
  Type.String({ enum: [...END_REASONS], description: 'Why an attempt or a run ended.' }),
);

const GangNodeSchema = Type.Object({
  rank: Type.Integer({ minimum: 1 }),
  runId: Type.String({ description: 'Its id: its log, its events and its end are those of this run.' }),
  host: Type.String(),
});

export const AttemptSchema = Type.Object(
  {
    number: Type.Integer({ minimum: 1 }),
    host: Nullable(Type.String()),
    form: Type.Unsafe<'container' | 'process'>(
      Type.String({
        enum: ['container', 'process'],
        description:
          'process: its host had no engine and ran the command as a local process, without the image and without a container.',
      }),
    ),
    containerId: Nullable(Type.String({ description: 'Id of the container, or of the local process.' })),
    imageDigest: Nullable(Type.String()),
    reason: Type.Union([EndReasonSchema, Type.Null()]),
    message: Nullable(Type.String({ description: 'The reason as a sentence.' })),
    exitCode: Nullable(Type.Integer()),
    startedAt: Nullable(Instant('When its container started.')),
    endedAt: Nullable(Instant('When its container, or the attempt without one, ended.')),
    logLines: Nullable(
      Type.Integer({
        description:
          'Lines stored when its log was sealed; null until then, which is later than its end where its host was lost.',
      }),
    ),
    logGaps: Nullable(
      Type.Integer({
        description: 'Places where lines are known to be missing; 0 is the promise. Null until its log is sealed.',
      }),
    ),
    changes: Type.Array(Type.String(), {
      description: 'What a rule of the policy made different from the spec, such as `resources.memory: 96m`.',
    }),
    evidence: Type.Union([EvidenceSchema, Type.Null()], { description: 'Null until its container has ended.' }),
    machine: Type.Union([MachineSchema, Type.Null()], { description: 'Null until its container has started.' }),
    nodes: Type.Array(GangNodeSchema, {
      description: 'The other nodes of a gang, by rank; each is a run of its own. Empty for a run of one node.',
    }),
  },
  { title: 'Attempt' },
);

const FirstFailureSchema = Type.Object({
  attempt: Type.Integer({ minimum: 1 }),
  reason: EndReasonSchema,
  message: Type.String(),
});

export const RunSchema = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    state: RunStateSchema,
    reason: Type.Union([EndReasonSchema, Type.Null()]),
    message: Nullable(
      Type.String({
        description: 'One sentence: why it ended, or what it waits for. Null while there is nothing to say.',
      }),
    ),
    attempt: Type.Integer({ minimum: 0, description: 'Number of the newest attempt; 0 before the first.' }),
    host: Nullable(Type.String()),
    exitCode: Nullable(Type.Integer()),
    createdAt: Instant('When the run was submitted.'),
    startedAt: Nullable(Instant('When its first container started.')),
    endedAt: Nullable(Instant('When it ended.')),
    image: Type.String(),
    imageDigest: Nullable(Type.String({ description: 'What the image name was resolved to.' })),
    recipe: Nullable(Type.String()),
    schedule: Nullable(Type.String({ description: 'The schedule that started the run.' })),
    rerunOf: Nullable(Type.String({ description: 'The run that this one repeats.' })),
    pool: Type.String({ description: 'Pool of hosts whose queue it waits in.' }),
    project: Type.String({ description: 'Project that it counts for.' }),
    owner: Type.String({ description: 'Whose run it is.' }),
    priority: Type.Integer({ minimum: 0, maximum: 100 }),
    gpus: Type.Integer({ minimum: 0, description: 'GPUs that it asks for, on all of its nodes.' }),
    gangOf: Nullable(Type.String({ description: 'The gang that the run is a node of.' })),
    rank: Nullable(Type.Integer({ description: 'Its rank there, from 1; the gang itself has 0.' })),
    policy: Nullable(Type.String({ description: 'The named policy that it started with, as `name@version`.' })),
    firstFailure: Type.Union([FirstFailureSchema, Type.Null()], {
      description: 'The first failure of all its attempts, whatever came after; null while there is none.',
    }),
    labels: Type.Record(Type.String(), Type.String()),
    params: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean()])),
  },
  { title: 'Run' },
);

export const EVENT_TYPES = [
  'state-changed',
  'attempt-ended',
  'retry-scheduled',
  'cancel-requested',
  'suspend-requested',
  'resumed',
  'placed',
  'changed',
  'note',
] as const;

export const RunEventSchema = Type.Object(
  {
    runId: Type.String(),
    seq: Type.Integer({ minimum: 1, description: 'Number of the event within its run, from 1.' }),
    at: Instant('When it happened.'),
    type: Type.Unsafe<(typeof EVENT_TYPES)[number]>(Type.String({ enum: [...EVENT_TYPES] })),
    state: RunStateSchema,
    attempt: Type.Integer({ minimum: 0 }),
    message: Type.String({ description: 'One sentence for people.' }),
  },
  { title: 'RunEvent' },
);

export type Attempt = Static<typeof AttemptSchema>;
export type Run = Static<typeof RunSchema>;
export type RunEvent = Static<typeof RunEventSchema>;
export type RunEventType = (typeof EVENT_TYPES)[number];

/**
 * What a workflow reports to the read model. It holds the whole run, so any one of them brings the read model up to date;
 * `revision` only grows, so a late one changes nothing; events are known by their number, so a repeated one adds nothing.
 * Both count anew in another execution of the workflow, as after a reset: that one is then what the run is.
 */
export interface RunUpdate {
  revision: number;
  /** Temporal's id of the execution that reports. Absent: the one that the read model knows. */
  execution?: string;
  run: Run;
  attempts: Attempt[];
  /** Events since the update before. */
  events: RunEvent[];
  /** The spec, where it is the first one or was changed. */
  spec?: unknown;
}

/** What the `status` query of `runWorkflow` answers. */
export interface RunStatus {
  run: Run;
  attempts: Attempt[];
}

/** What the `report` query of `runWorkflow` answers: all that an update holds but its events. */
export interface RunReport extends RunStatus {
  revision: number;
  /** As it stands now; null before the run was admitted. */
  spec: RunSpec | null;
}
