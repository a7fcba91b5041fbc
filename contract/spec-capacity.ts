import { Type, type Static } from '@sinclair/typebox';

import { DEFAULT_POOL } from './names';

/** The part of a run spec that says where, when and beside whom a run may have its place. */

const closed = { additionalProperties: false } as const;

const Name = (description: string, fallback: string) =>
  Type.Optional(
    Type.String({
      pattern: '^[a-z0-9][a-z0-9-]{0,62}$',
      default: fallback,
      description: `${description} Default ${fallback}.`,
      mend: 'write lower-case letters, digits and dashes, at most 63, the first a letter or digit',
    }),
  );

export const DEFAULT_PROJECT = 'default';
export const DEFAULT_OWNER = 'nobody';
export const DEFAULT_PRIORITY = 50;

export const PlacementSchema = Type.Object(
  {
    host: Type.Optional(
      Type.String({
        pattern: '^[a-z0-9][a-z0-9-]{0,62}$',
        description: 'The one host that may take the run.',
        mend: 'write the name of a host, as `trainyard hosts` shows it',
      }),
    ),
    labels: Type.Optional(
      Type.Record(Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$' }), Type.String({ maxLength: 255 }), {
        additionalProperties: false,
        default: {},
        description: 'Labels that a host must have to take the run.',
        mend: 'name a label with letters, digits, dots, dashes or slashes, and give it a text of at most 255 characters',
      }),
    ),
  },
  { ...closed, default: {} },
);

export const capacityProperties = {
  pool: Name('Pool of hosts whose queue the run waits in.', DEFAULT_POOL),
  project: Name('Project that the run counts for: its share and its quota.', DEFAULT_PROJECT),
  owner: Type.Optional(
    Type.String({
      pattern: '^[A-Za-z0-9][A-Za-z0-9._@-]{0,99}$',
      default: DEFAULT_OWNER,
      description: `Whose run it is, for quotas and lists; the server believes what it is told. Default ${DEFAULT_OWNER}; the command line writes the user's name.`,
      mend: 'write a name of letters, digits, dots, dashes, underscores or @, at most 100',
    }),
  ),
  priority: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 100,
      default: DEFAULT_PRIORITY,
      description: `Runs of higher priority start first; it grows while a run waits. Default ${DEFAULT_PRIORITY}.`,
      mend: 'write a whole number from 0 to 100',
    }),
  ),
  preemptible: Type.Optional(
    Type.Boolean({
      default: false,
      description:
        'Whether a run of higher priority may end it: SIGTERM, the grace, and back into the queue, at no cost to its budgets. Default false.',
      mend: 'write true or false',
    }),
  ),
  nodes: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 64,
      default: 1,
      description: 'Containers that start together, each with all of `resources`; more than 1 is a gang. Default 1.',
      mend: 'write a whole number from 1 to 64',
    }),
  ),
  placement: Type.Optional(PlacementSchema),
};

export const gpuProperties = {
  gpus: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 64,
      default: 0,
      description: 'GPUs of each container; nobody else is given them meanwhile. Default 0.',
      mend: 'write a whole number from 0 to 64',
    }),
  ),
  gpuModel: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 100,
      description: "Part of the model's name, such as `H100`; case does not matter. Default: any.",
      mend: 'write a part of the model as `trainyard hosts` shows it, such as "H100"',
    }),
  ),
};

export type PlacementSpec = Required<Pick<Static<typeof PlacementSchema>, 'labels'>> & Static<typeof PlacementSchema>;
