import { Type } from '@sinclair/typebox';

import { CONTAINER } from './names';

/** The folders that the container of a run sees besides its own. */

const closed = { additionalProperties: false } as const;

export const MountSchema = Type.Object(
  {
    source: Type.String({
      pattern: '^/',
      maxLength: 4096,
      description: "Absolute path on the host, below one of the server's allowed roots.",
      mend: 'write an absolute path on the host',
    }),
    target: Type.String({
      pattern: '^/.',
      maxLength: 4096,
      description: 'Absolute path in the container.',
      mend: 'write an absolute path in the container, not / itself',
    }),
    readOnly: Type.Optional(Type.Boolean({ default: true, description: 'Default true.' })),
  },
  closed,
);

export const CheckpointSchema = Type.Object(
  {
    path: Type.Optional(
      Type.String({
        pattern: '^/.',
        maxLength: 4096,
        default: CONTAINER.checkpointsFolder,
        description: `Where the container finds the folder. Default ${CONTAINER.checkpointsFolder}.`,
        mend: 'write an absolute path in the container, not / itself',
      }),
    ),
    keep: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1000,
        default: 3,
        description: 'Complete checkpoints that are kept; older ones are removed. Default 3.',
        mend: 'write a whole number from 1 to 1000',
      }),
    ),
  },
  {
    ...closed,
    description:
      'A folder for checkpoints that outlasts the attempts of the run (TRAINYARD_CHECKPOINT_DIR), from the newest of which a retry and a resumed run can go on. Default: none.',
  },
);
