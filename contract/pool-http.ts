import { Type, type Static } from '@sinclair/typebox';

import { HostContainerSchema, HostSchema } from './host';
import { HOST_INTENTS, HOST_STATES, WAIT_CAUSES, type HostIntent, type HostState, type WaitCause } from './pool';
import { PoolSettingsSchema } from './pool-settings';
import { RunStateSchema } from './run';

/** What the API answers of hosts, pools, reservations and of what a run waits for. */

const Nullable = <T extends ReturnType<typeof Type.String>>(schema: T) => Type.Union([schema, Type.Null()]);
const Instant = (description: string) => Type.String({ format: 'date-time', description });
const Count = Type.Integer({ minimum: 0 });

/** Where an answer comes from that should come from a pool. */
const SourceSchema = Type.Unsafe<'pool' | 'reports'>(
  Type.String({
    enum: ['pool', 'reports'],
    description:
      'pool: what the pool itself says, now. reports: the pool does not answer or has not begun; what the store knows of its hosts and runs, without leases and quotas.',
  }),
);

const AmountsSchema = Type.Object({
  cpus: Type.Number({ minimum: 0 }),
  memoryBytes: Count,
  gpus: Type.Array(Type.String(), { description: 'Ids of GPUs.' }),
});

export const HostDetailSchema = Type.Object(
  {
    ...HostSchema.properties,
    source: SourceSchema,
    state: Type.Unsafe<HostState>(
      Type.String({
        enum: [...HOST_STATES],
        description:
          'ready, cordoned: nothing new comes to it. draining: the same, and what may be preempted leaves. unreachable: it has not reported for a moment. lost: not for minutes.',
      }),
    ),
    intent: Type.Unsafe<HostIntent>(
      Type.String({ enum: [...HOST_INTENTS], description: 'What an operator wants of it.' }),
    ),
    used: Type.Union([AmountsSchema, Type.Null()], { description: 'Given out just now; null where nobody can say.' }),
    free: Type.Union([AmountsSchema, Type.Null()], {
      description:
        'What is left of it for runs, GPUs in trouble left out; more CPUs than it has, where they are overcommitted.',
    }),
    runs: Type.Array(Type.String(), { description: 'Ids of the runs that hold a place on it.' }),
    unleased: Type.Array(HostContainerSchema, {
      description:
        'Containers that hold what they were given although their runs have no lease, as of terminated workflows.',
    }),
  },
  { title: 'HostDetail' },
);

const Share = (what: string) =>
  Type.Object({ all: Type.Number({ minimum: 0 }), used: Type.Number({ minimum: 0 }) }, { description: what });

export const PoolSummarySchema = Type.Object(
  {
    name: Type.String(),
    source: SourceSchema,
    hosts: Count,
    readyHosts: Count,
    cpus: Share('CPUs of its hosts, and how many are given out.'),
    memoryBytes: Share('The same of memory.'),
    gpus: Share('The same of GPUs.'),
    running: Type.Integer({ minimum: 0, description: 'Runs that hold a place.' }),
    queued: Type.Integer({ minimum: 0, description: 'Runs that wait for one.' }),
  },
  { title: 'PoolSummary' },
);

/** What a run waits for. */
export const ExplanationSchema = Type.Object(
  {
    runId: Type.String(),
    place: Type.Integer({ minimum: 1, description: 'Place in the queue.' }),
    queued: Type.Integer({ minimum: 1, description: 'Runs that wait in the same pool.' }),
    waitsFor: Type.String({ description: 'What it waits for, in one sentence.' }),
    freedBy: Type.String({ description: 'What would free it, in one sentence.' }),
    estimatedStart: Nullable(
      Instant('When it should start if every run before it takes as long as it may; null where nobody can say.'),
    ),
    cause: Type.Unsafe<WaitCause>(Type.String({ enum: [...WAIT_CAUSES], description: 'The same as a word.' })),
  },
  { title: 'Explanation' },
);

export const QueuedRunSchema = Type.Object(
  {
    ...ExplanationSchema.properties,
    project: Type.String(),
    owner: Type.String(),
    priority: Type.Integer(),
    effectivePriority: Type.Number({ description: 'With what it gained by waiting.' }),
    submittedAt: Instant('When it was submitted.'),
    cpus: Type.Number({ description: 'Of each node, as are the others.' }),
    memoryBytes: Count,
    gpus: Count,
    nodes: Type.Integer({ minimum: 1 }),
  },
  { title: 'QueuedRun' },
);

const LeaseSchema = Type.Object(
  {
    runId: Type.String(),
    attempt: Type.Integer({ minimum: 1 }),
    claim: Type.Integer({ minimum: 0 }),
    nodes: Type.Array(
      Type.Object({
        host: Type.String(),
        cpus: Type.Number(),
        memoryBytes: Count,
        gpuIds: Type.Array(Type.String()),
        asProcess: Type.Optional(Type.Literal(true)),
        engineAwaySince: Type.Optional(Type.String()),
      }),
    ),
    grantedAt: Instant('When it was granted.'),
    because: Type.String({ description: 'Why then and why there.' }),
  },
  { title: 'Lease' },
);

const ProjectSchema = Type.Object(
  {
    project: Type.String(),
    weight: Type.Number(),
    runs: Count,
    cpus: Type.Number({ minimum: 0 }),
    gpus: Count,
    queued: Count,
  },
  { title: 'ProjectUse' },
);

const OwnerSchema = Type.Object(
  {
    owner: Type.String(),
    queued: Count,
    mostQueued: Type.Union([Count, Type.Null()], { description: 'How many may wait; null: no limit of its own.' }),
  },
  { title: 'OwnerUse' },
);

export const ReservationSchema = Type.Object(
  {
    id: Type.String(),
    pool: Type.String(),
    project: Type.String(),
    gpus: Type.Integer({ minimum: 1 }),
    gpuModel: Nullable(Type.String()),
    from: Instant('From when on.'),
    until: Instant('When it ends.'),
    by: Type.String({ description: 'Who made it.' }),
  },
  { title: 'Reservation' },
);

export const PoolDetailSchema = Type.Object(
  {
    ...PoolSummarySchema.properties,
    settings: PoolSettingsSchema,
    hostNames: Type.Array(Type.String()),
    queue: Type.Array(QueuedRunSchema, { description: 'What waits, in order; the first 500.' }),
    leases: Type.Array(LeaseSchema),
    unleased: Type.Array(Type.Object({ host: Type.String(), ...HostContainerSchema.properties }), {
      description:
        'What containers hold whose runs have no lease, as of terminated workflows; it is given to nobody until they are gone.',
    }),
    projects: Type.Array(ProjectSchema),
    owners: Type.Array(OwnerSchema, {
      description: 'Whose runs wait, as the lists have it, by which submissions are accepted or answered 429.',
    }),
    reservations: Type.Array(ReservationSchema),
  },
  { title: 'PoolDetail' },
);

export const RunExplanationSchema = Type.Object(
  {
    runId: Type.String(),
    state: RunStateSchema,
    pool: Type.String(),
    sentence: Type.String({ description: 'What the run waits for; of one that does not wait, what it does instead.' }),
    waiting: Type.Union([ExplanationSchema, Type.Null()], {
      description: 'As its pool tells it; null for a run that does not wait in it.',
    }),
    lease: Type.Union([LeaseSchema, Type.Null()], {
      description: 'What it holds of its hosts; null where it holds nothing, or its pool does not answer.',
    }),
  },
  { title: 'RunExplanation' },
);

export type HostDetail = Static<typeof HostDetailSchema>;
export type PoolSummary = Static<typeof PoolSummarySchema>;
export type PoolDetail = Static<typeof PoolDetailSchema>;
export type QueuedRun = Static<typeof QueuedRunSchema>;
export type PoolReservation = Static<typeof ReservationSchema>;
export type RunExplanation = Static<typeof RunExplanationSchema>;
