import { Type, type Static } from '@sinclair/typebox';

import { RETENTION_PATTERN } from '../contract/units';
import { HostSettings } from './host-settings';
import { closed, flag, list, text, whole } from './setting-kinds';

/**
 * Every setting of every process, in one schema. The loader (config/load) takes the defaults, then the file that
 * `--config` or TRAINYARD_CONFIG names, then the environment, and reports every fault at once.
 */
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
    host: HostSettings,
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
