import { Type, type Static, type TSchema } from '@sinclair/typebox';

import { GpuSchema } from './gpu';

/** What the worker of a host reports of it, as the store keeps it and the API answers it. */

const Reported = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

/** A disk that runs need room on. */
export const HostDiskSchema = Type.Object(
  {
    use: Type.Unsafe<'data' | 'engine'>(
      Type.String({
        enum: ['data', 'engine'],
        description: 'data: the data folder, with logs and artifacts. engine: images and containers.',
      }),
    ),
    path: Type.String(),
    freeBytes: Type.Integer({ minimum: 0 }),
    totalBytes: Type.Integer({ minimum: 0 }),
    usedPercent: Type.Integer({ minimum: 0, maximum: 100, description: 'As df tells it.' }),
  },
  { title: 'HostDisk' },
);

/** A container of ours on a host that is made or runs, or a local process, with what it was given. */
export const HostContainerSchema = Type.Object(
  {
    runId: Type.String({ description: 'Of a gang: the run of the node.' }),
    attempt: Type.Integer({ minimum: 1 }),
    epoch: Type.Integer({ minimum: 0 }),
    cpus: Type.Number({ minimum: 0 }),
    memoryBytes: Type.Integer({ minimum: 0 }),
    gpuIds: Type.Array(Type.String()),
  },
  { title: 'HostContainer' },
);

/**
 * How much of what is on a host was held against Temporal since the host was last cut off: nothing, its local processes
 * only (while its engine is away), or all. Until then a container whose lease was revoked may still run there.
 */
export const RECONCILED = ['nothing', 'processes', 'all'] as const;

export const HostSchema = Type.Object(
  {
    name: Type.String(),
    pool: Type.String({ description: 'Pool that it belongs to.' }),
    labels: Type.Record(Type.String(), Type.String(), { description: 'What a run can ask of its host.' }),
    address: Reported(
      Type.String({
        description: 'Where other hosts reach it; null where it takes no part in gangs on several hosts.',
      }),
    ),
    reportedAt: Type.String({ format: 'date-time', description: 'When the worker of the host last reported.' }),
    engineReady: Type.Boolean({ description: 'Whether its engine answered then.' }),
    engineProblem: Reported(Type.String()),
    engineAwaySince: Reported(
      Type.String({ format: 'date-time', description: 'Since when its engine has not answered; null while it does.' }),
    ),
    reconciled: Type.Unsafe<(typeof RECONCILED)[number]>(
      Type.String({
        enum: [...RECONCILED],
        description:
          'How much of what is on the host was held against Temporal since it was last cut off: nothing, its local processes only, or all.',
      }),
    ),
    refuses: Type.Array(Type.String(), {
      description:
        'Why it takes no new containers although its engine answers, each half a sentence after its name, such as "has a disk that is 93 % full".',
    }),
    flags: Type.Array(Type.String(), {
      description: 'What is not as it should be although the host takes runs, each a sentence with its mend.',
    }),
    fallback: Type.Unsafe<'none' | 'process'>(
      Type.String({
        enum: ['none', 'process'],
        description:
          'process: while its engine stays away, runs may be local processes of the host, where its pool allows that as well.',
      }),
    ),
    fallbackAfterMs: Type.Integer({ minimum: 0, description: 'How long its engine must have been away for that.' }),
    engineVersion: Reported(Type.String()),
    apiVersion: Reported(Type.String()),
    liveRestore: Reported(Type.Boolean()),
    operatingSystem: Reported(Type.String()),
    kernel: Reported(Type.String()),
    cpus: Reported(
      Type.Number({ description: 'That runs may have; less than the machine has where the settings say so.' }),
    ),
    memoryBytes: Reported(Type.Integer({ description: 'The same of memory.' })),
    gpus: Type.Array(GpuSchema),
    containers: Type.Optional(
      Type.Array(HostContainerSchema, {
        description: 'Containers of runs that are made or run there; absent where its worker has not learnt that yet.',
      }),
    ),
    diskFreeBytes: Reported(Type.Integer({ description: 'Bytes free where the data folder lies.' })),
    diskTotalBytes: Reported(Type.Integer()),
    disks: Type.Array(HostDiskSchema, { description: 'Those that its worker can look at.' }),
  },
  { title: 'Host' },
);

export type HostContainer = Static<typeof HostContainerSchema>;
export type HostDisk = Static<typeof HostDiskSchema>;
export type HostReport = Static<typeof HostSchema>;
