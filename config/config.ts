import { Type, type Static } from '@sinclair/typebox';

import { DURATION_PATTERN, RETENTION_PATTERN } from '../contract/units';

/**
 * Every setting of every process, in one schema. The loader (config/load) takes the defaults, then the file that
 * `--config` or TRAINYARD_CONFIG names, then the environment, and reports every fault at once.
 *
 * `env` names the variable of a setting.
 */
const text = (env: string, fallback: string, description: string) =>
  Type.String({ env, default: fallback, description, minLength: 1 });
const whole = (env: string, fallback: number, minimum: number, maximum: number, description: string) =>
  Type.Integer({ env, default: fallback, minimum, maximum, description });
const flag = (env: string, fallback: boolean, description: string) =>
  Type.Boolean({ env, default: fallback, description });
const list = (env: string, description: string) =>
  Type.Array(Type.String({ minLength: 1 }), {
    env,
    default: [],
    description: `${description} In the variable: separated by commas.`,
  });
const closed = { additionalProperties: false, default: {} } as const;

export const ConfigSchema = Type.Object(
  {
    data: text('TRAINYARD_DATA', './data', 'Folder of everything that is kept: database, logs, artifacts.'),
    logLevel: Type.Unsafe<'debug' | 'info' | 'warn' | 'error'>(
      Type.String({
        enum: ['debug', 'info', 'warn', 'error'],
        env: 'TRAINYARD_LOG_LEVEL',
        default: 'info',
        description: "Least level of the processes' own logs.",
      }),
    ),
    api: Type.Object(
      {
        host: text(
          'TRAINYARD_API_HOST',
          '127.0.0.1',
          'Address to listen on; only a loopback address, see allowRemote.',
        ),
        port: whole('TRAINYARD_API_PORT', 8000, 0, 65535, 'Port to listen on; 0 takes a free one.'),
        allowRemote: flag(
          'TRAINYARD_API_ALLOW_REMOTE',
          false,
          'Listen on other addresses although there are no tokens yet. Only where something else keeps strangers out, as in a container whose port is published on 127.0.0.1.',
        ),
        allowedHosts: list(
          'TRAINYARD_API_ALLOWED_HOSTS',
          'Host names under which browsers may reach the API besides localhost, such as that of a reverse proxy.',
        ),
        publicUrl: Type.String({
          env: 'TRAINYARD_API_PUBLIC_URL',
          default: '',
          pattern: '^$|^https?://[^\\s/]\\S*$',
          mend: 'write an address such as "https://trainyard.example"',
          description: 'Where people reach the API, for the links in notifications. Default: none.',
        }),
        bodyLimitBytes: whole(
          'TRAINYARD_API_BODY_LIMIT',
          1_048_576,
          1024,
          67_108_864,
          'Largest body of a request, in bytes.',
        ),
      },
      closed,
    ),
    temporal: Type.Object(
      {
        address: text('TEMPORAL_ADDRESS', '127.0.0.1:7233', 'Frontend of Temporal.'),
        namespace: text('TEMPORAL_NAMESPACE', 'default', 'Namespace of Temporal.'),
      },
      closed,
    ),
    worker: Type.Object(
      {
        roles: Type.Array(Type.Unsafe<'control' | 'host'>(Type.String({ enum: ['control', 'host'] })), {
          env: 'TRAINYARD_WORKER_ROLES',
          default: ['control', 'host'],
          minItems: 1,
          uniqueItems: true,
          description:
            'What this worker does: control (workflows, records), host (one Docker Engine). In the variable: separated by commas.',
        }),
        maxFollows: whole(
          'TRAINYARD_WORKER_MAX_FOLLOWS',
          1000,
          1,
          100_000,
          'Containers that one host worker follows at most.',
        ),
        echoTraining: flag(
          'TRAINYARD_ECHO_TRAINING',
          false,
          "Write each line of a training to the worker's own log too, marked [TRAIN].",
        ),
      },
      closed,
    ),
    host: Type.Object(
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
              'What to do with runs while the engine stays away: none leaves them queued; process runs their commands as local processes of this host, without a container.',
          }),
        ),
        fallbackAfter: Type.String({
          env: 'TRAINYARD_HOST_FALLBACK_AFTER',
          default: '1m',
          pattern: DURATION_PATTERN,
          mend: 'write a duration such as 30s, 5m or 1h',
          description: 'How long the engine must have been away before that.',
        }),
      },
      closed,
    ),
    logs: Type.Object(
      {
        segmentBytes: whole(
          'TRAINYARD_LOG_SEGMENT',
          67_108_864,
          4096,
          10_737_418_240,
          'A live log that grows over this is set aside and compressed.',
        ),
        retention: Type.String({
          env: 'TRAINYARD_LOG_RETENTION',
          default: '30d',
          pattern: RETENTION_PATTERN,
          mend: 'write a duration such as "30d" or "12h", or "forever"',
          description:
            'How long the log of a run is kept after its end, or forever. The spec of a run can say otherwise: logs.retention.',
        }),
        maxTotalBytes: whole(
          'TRAINYARD_LOG_MAX_TOTAL',
          0,
          0,
          Number.MAX_SAFE_INTEGER,
          'Bytes of all logs together; over it the logs of the runs that ended first go, but for runs that have a retention of their own. 0: no limit.',
        ),
      },
      closed,
    ),
    pools: Type.Object(
      {
        direct: flag(
          'TRAINYARD_POOLS_DIRECT',
          false,
          'Give runs hosts without their pools: nobody counts what is in use, and there are no GPUs. For emergencies.',
        ),
      },
      closed,
    ),
    notify: Type.Object(
      {
        allowedPrivate: list(
          'TRAINYARD_NOTIFY_ALLOW_PRIVATE',
          'Private addresses, networks such as 10.1.0.0/16 and host names that notifications may go to; else only the public internet.',
        ),
      },
      closed,
    ),
    secrets: Type.Object(
      {
        folder: Type.String({
          env: 'TRAINYARD_SECRETS',
          default: '',
          description: 'Folder of the secrets that specs name, one file for each. Default: there are none.',
        }),
      },
      closed,
    ),
    recipes: text(
      'TRAINYARD_RECIPES',
      'recipes',
      'Folder of the recipes; a relative path is taken from the installation.',
    ),
    policies: text(
      'TRAINYARD_POLICIES',
      'policies',
      'Folder of the named policies; a relative path is taken from the installation.',
    ),
    defaultRecipe: text('TRAINYARD_DEFAULT_RECIPE', 'digits', 'Recipe of POST /train.'),
  },
  { additionalProperties: false },
);

export type Config = Static<typeof ConfigSchema>;
