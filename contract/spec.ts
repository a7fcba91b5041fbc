import { Type, type Static, type TSchema } from '@sinclair/typebox';

import { capacityProperties, gpuProperties, type PlacementSpec } from './spec-capacity';
import { CheckpointSchema, MountSchema } from './spec-folders';
import { NotifySchema, type NotifyTarget } from './spec-notify';
import { PolicyOrNameSchema, PolicySchema, type Timeouts } from './spec-policy';
import type { Retries } from './spec-retries';
import { CPU_PATTERN, RETENTION_PATTERN, SIZE_PATTERN } from './units';

export type { NotifyTarget } from './spec-notify';
export type { Timeouts } from './spec-policy';
export type { Retries, RetryRule } from './spec-retries';

/**
 * The run spec: the one source of the types, of the API's validation, of OpenAPI and of the CLI's help.
 *
 * `RunSpecInput` is what a user writes; `RunSpec` is the same with every default filled in, and what a workflow runs.
 * A schema's `mend` says in one sentence what would be right; validation shows it.
 */

const Size = (description: string, fallback: string) =>
  Type.Optional(
    Type.String({
      pattern: SIZE_PATTERN,
      default: fallback,
      description: `${description} Default ${fallback}.`,
      mend: 'write a size such as "500m" or "4g" (units b, k, m, g, t; powers of 1024)',
    }),
  );

const closed = { additionalProperties: false } as const;

const ParamValueSchema = Type.Union([Type.String({ maxLength: 4096 }), Type.Number(), Type.Boolean()]);

const ResourcesSchema = Type.Object(
  {
    cpus: Type.Optional(
      Type.Union([Type.Number({ minimum: 0.01, maximum: 1024 }), Type.String({ pattern: CPU_PATTERN })], {
        default: 1,
        description: 'CPUs: a number such as 2 or 0.5, or thousandths such as "500m". Default 1.',
        mend: 'write a number of CPUs from 0.01 to 1024, or thousandths such as "500m"',
      }),
    ),
    memory: Size('Memory limit, swap included; the kernel kills what goes over it. At least 6m.', '2g'),
    shm: Size('Size of /dev/shm, which data loaders use between processes.', '64m'),
    pids: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 4_194_304,
        default: 512,
        description: 'Processes and threads at most. Default 512.',
        mend: 'write a whole number from 1 to 4194304',
      }),
    ),
    ...gpuProperties,
    gpuMemory: Type.Optional(
      Type.String({
        pattern: SIZE_PATTERN,
        description: 'Least memory of each GPU. Default: any.',
        mend: 'write a size such as "40g" (units b, k, m, g, t; powers of 1024)',
      }),
    ),
  },
  { ...closed, default: {} },
);

const LogsSchema = Type.Object(
  {
    retention: Type.Optional(
      Type.String({
        pattern: RETENTION_PATTERN,
        description:
          "How long the run's log is kept after its end, or `forever`; the server's limit of the size of all logs then leaves it alone. Default: the server's `logs.retention`.",
        mend: 'write a duration such as "90d" or "12h", or "forever"',
      }),
    ),
  },
  { ...closed, default: {} },
);

export const IMAGE_PATTERN =
  '^(?:(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?|\\[[0-9a-fA-F:]+\\])(?::[0-9]+)?/)?[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*(?::[\\w][\\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$';

const properties = {
  name: Type.Optional(
    Type.String({
      pattern: '^[A-Za-z0-9][A-Za-z0-9 ._-]{0,99}$',
      description: 'What people call the run; need not be unique. Default: the last part of the image name.',
      mend: 'write 1 to 100 letters, digits, spaces, dots, dashes or underscores, the first a letter or digit',
    }),
  ),
  image: Type.String({
    pattern: IMAGE_PATTERN,
    maxLength: 512,
    description:
      'Image to run, as in `docker pull`, or the id `sha256:…` of one that the host has; kept by digest once it is resolved.',
    mend: 'write an image name such as "trainyard/digits:1" or "registry.example:5000/team/model:v2"',
  }),
  pullPolicy: Type.Optional(
    Type.Union([Type.Literal('always'), Type.Literal('if-not-present'), Type.Literal('never')], {
      default: 'if-not-present',
      description: 'When the image is pulled. Default if-not-present.',
      mend: 'write "always", "if-not-present" or "never"',
    }),
  ),
  command: Type.Optional(
    Type.Array(Type.String({ maxLength: 131_072 }), {
      minItems: 1,
      maxItems: 1024,
      description:
        "Program and arguments, without a shell. `{{params.x}}` stands for a parameter. Default: the image's.",
      mend: 'write the program and its arguments as a list, such as ["python3", "train.py"], or leave it out to use the image\'s own',
    }),
  ),
  params: Type.Optional(
    Type.Record(Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_]{0,63}$' }), ParamValueSchema, {
      additionalProperties: false,
      default: {},
      description:
        'Parameters of the training. The container finds them in /trainyard/params.json, as TRAINYARD_PARAM_<NAME>, and where {{params.<name>}} stands.',
      mend: 'name a parameter with letters, digits and underscores, and give it a text, a number or true/false',
    }),
  ),
  env: Type.Optional(
    Type.Record(Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_]{0,255}$' }), Type.String({ maxLength: 131_072 }), {
      additionalProperties: false,
      default: {},
      description: 'Environment variables. `{{params.x}}` stands for a parameter.',
      mend: 'name a variable with letters, digits and underscores, and put its value in quotes',
    }),
  ),
  mounts: Type.Optional(Type.Array(MountSchema, { maxItems: 64, default: [], description: 'Folders of the host.' })),
  resources: Type.Optional(ResourcesSchema),
  ...capacityProperties,
  network: Type.Optional(
    Type.String({
      pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$',
      default: 'none',
      description:
        '`none`, `egress` (outgoing through the bridge), or a Docker network that the server allows. Default none.',
      mend: 'write "none", "egress" or the name of a network that the server allows',
    }),
  ),
  user: Type.Optional(
    Type.String({
      pattern: '^[0-9]{1,10}(:[0-9]{1,10})?$',
      default: '1000:1000',
      description: 'Numeric user and group of the command; not 0. Default 1000:1000.',
      mend: 'write numbers such as "1000:1000"',
    }),
  ),
  checkpoint: Type.Optional(CheckpointSchema),
  policy: Type.Optional(PolicySchema),
  logs: Type.Optional(LogsSchema),
  notify: Type.Optional(NotifySchema),
  labels: Type.Optional(
    Type.Record(Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$' }), Type.String({ maxLength: 255 }), {
      additionalProperties: false,
      default: {},
      description: 'Names and values to find runs by.',
      mend: 'name a label with letters, digits, dots, dashes or slashes, and give it a text of at most 255 characters',
    }),
  ),
} satisfies Record<string, TSchema>;

export const RunSpecSchema = Type.Object(properties, { ...closed, title: 'RunSpec' });

const submitted = {
  ...properties,
  image: Type.Optional(properties.image),
  recipe: Type.Optional(
    Type.String({
      pattern: '^[a-z0-9][a-z0-9-]{0,62}$',
      description: 'Recipe to start from; the other fields of the submission go over it.',
      mend: 'write the name of a recipe, such as "digits"',
    }),
  ),
};

/**
 * What a submission holds: a run spec, or the name of a recipe with what shall differ from it.
 */
export const RunSubmissionSchema = Type.Object(
  { ...submitted, policy: Type.Optional(PolicyOrNameSchema) },
  { ...closed, title: 'RunSubmission' },
);

/** A submission the name of whose policy, where it is all of the policy, was taken out and is checked by itself. */
export const CheckedSubmissionSchema = Type.Object(submitted, closed);

export type RunSpecInput = Static<typeof RunSpecSchema>;
export type RunSubmission = Static<typeof RunSubmissionSchema>;
export type ParamValue = Static<typeof ParamValueSchema>;
export type MountSpec = Required<Static<typeof MountSchema>>;
type WrittenResources = Static<typeof ResourcesSchema>;
type AnyGpu = 'gpuModel' | 'gpuMemory';
export type Resources = Required<Omit<WrittenResources, AnyGpu>> & Pick<WrittenResources, AnyGpu>;
export type Checkpointing = Required<Static<typeof CheckpointSchema>>;
export type PullPolicy = NonNullable<RunSpecInput['pullPolicy']>;

/** A validated run spec with every default filled in. */
export interface RunSpec extends Omit<
  Required<RunSpecInput>,
  'command' | 'mounts' | 'resources' | 'placement' | 'checkpoint' | 'policy' | 'notify'
> {
  /** Absent: the image's own command. */
  command?: string[];
  mounts: MountSpec[];
  resources: Resources;
  placement: PlacementSpec;
  /** Absent: the run has no folder for checkpoints. */
  checkpoint?: Checkpointing;
  policy: {
    timeouts: Timeouts;
    retries: Retries;
    /** Version of the named policy that they came from, such as `patient@3`; what was written over it is in them too. */
    from?: string;
  };
  notify: NotifyTarget[];
}
