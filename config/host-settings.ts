import { Type } from '@sinclair/typebox';

import { DEFAULT_POOL } from '../contract/names';
import { DURATION_PATTERN, SIZE_PATTERN } from '../contract/units';
import { closed, list, text, whole } from './setting-kinds';

/** Settings of a worker in the role `host`. */
export const HostSettings = Type.Object(
  {
    name: Type.String({
      env: 'TRAINYARD_HOST_NAME',
      default: '',
      pattern: '^$|^[a-z0-9][a-z0-9-]{0,62}$',
      mend: 'write lower-case letters, digits and dashes, at most 63',
      description: "Name of this host: lower-case letters, digits and dashes. Default: the machine's host name.",
    }),
    dockerHost: text('DOCKER_HOST', 'unix:///var/run/docker.sock', 'The Docker Engine of this host.'),
    installation: Type.String({
      env: 'TRAINYARD_INSTALLATION',
      default: '',
      description:
        "Tells installations that share an engine apart; each touches only its own containers. Default: a name of the data folder's own, made with it.",
    }),
    orphanGraceSeconds: whole(
      'TRAINYARD_ORPHAN_GRACE',
      300,
      0,
      86_400,
      'How long a container without a live workflow is left alone before it is removed, in seconds.',
    ),
    mountRoots: list('TRAINYARD_MOUNT_ROOTS', 'Folders of the host below which a run may mount.'),
    networks: list('TRAINYARD_NETWORKS', 'Docker networks that a run may ask for by name.'),
    address: Type.String({
      env: 'TRAINYARD_HOST_ADDRESS',
      default: '',
      pattern: '^$|^[A-Za-z0-9][A-Za-z0-9.:-]*$',
      mend: 'write an IP address or a host name',
      description:
        "Where the other hosts of its pool reach this one. Set, it allows the nodes of a gang that is spread over several hosts the host's own network. Default: no such node comes here.",
    }),
    containerLogSizeBytes: whole(
      'TRAINYARD_CONTAINER_LOG_SIZE',
      52_428_800,
      16_777_216,
      10_737_418_240,
      "Size of one file of the engine's own log. It must hold what a container prints before it is slowed down.",
    ),
    containerLogFiles: whole(
      'TRAINYARD_CONTAINER_LOG_FILES',
      3,
      2,
      100,
      "Files of the engine's own log; all must outlast the longest time without a worker.",
    ),
    fallback: Type.Unsafe<'none' | 'process'>(
      Type.String({
        enum: ['none', 'process'],
        env: 'TRAINYARD_HOST_FALLBACK',
        default: 'none',
        description:
          'What this host allows while its engine stays away: none, runs wait; process, commands may run on it as local processes, without a container. They do only where the pool says so too: its setting fallback, none by default.',
      }),
    ),
    fallbackAfter: Type.String({
      env: 'TRAINYARD_HOST_FALLBACK_AFTER',
      default: '1m',
      pattern: DURATION_PATTERN,
      mend: 'write a duration such as 30s, 5m or 1h',
      description: 'How long the engine must have been away before that.',
    }),
    pool: Type.String({
      env: 'TRAINYARD_HOST_POOL',
      default: DEFAULT_POOL,
      pattern: '^[a-z0-9][a-z0-9-]{0,62}$',
      mend: 'write lower-case letters, digits and dashes, at most 63',
      description: 'Pool that this host belongs to.',
    }),
    labels: list(
      'TRAINYARD_HOST_LABELS',
      'What runs can ask of this host (placement.labels), each as name=value, such as rack=r12.',
    ),
    cpus: whole('TRAINYARD_HOST_CPUS', 0, 0, 4096, 'CPUs that runs may have. 0: all that the engine has.'),
    memory: Type.String({
      env: 'TRAINYARD_HOST_MEMORY',
      default: '',
      pattern: `^$|${SIZE_PATTERN}`,
      mend: 'write a size such as 200g',
      description:
        'Memory that runs may have. Default: all that the engine has; nothing is kept back for the host itself.',
    }),
    gpus: list(
      'TRAINYARD_HOST_GPUS',
      'GPUs of this host, each as id:model:memory, and :mig behind that for a slice, such as GPU-1f2e:H100:80g; `none` where runs get none. Default: those that gpuCommand lists.',
    ),
    gpuCommand: text(
      'TRAINYARD_HOST_GPU_COMMAND',
      'nvidia-smi',
      'Program that is asked for the GPUs and who uses them.',
    ),
    gpuRuntime: Type.Unsafe<'nvidia' | 'none'>(
      Type.String({
        enum: ['nvidia', 'none'],
        env: 'TRAINYARD_HOST_GPU_RUNTIME',
        default: 'nvidia',
        description:
          'How containers get their GPUs: nvidia asks the engine for them by UUID; none only sets the variables, for GPUs that are not there or come another way.',
      }),
    ),
    disk: Type.Object(
      {
        refuseAt: whole(
          'TRAINYARD_HOST_DISK_REFUSE_AT',
          90,
          1,
          100,
          'Per cent of a disk in use, of the engine or of the data folder, at which this host starts and pulls nothing more.',
        ),
        cleanAt: whole(
          'TRAINYARD_HOST_DISK_CLEAN_AT',
          80,
          1,
          100,
          "Per cent of the engine's disk in use at which images that Trainyard pulled and nobody needs are removed, the one used longest ago first.",
        ),
      },
      closed,
    ),
  },
  closed,
);
