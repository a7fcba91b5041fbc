import { Type, type Static } from '@sinclair/typebox';

import { MachineSchema } from './evidence';
import { AttemptSchema, RunSchema } from './run';
import { RunSpecSchema } from './spec';

/** What somebody needs to know to have a run again, and to tell later whether it was the same. */

const { number, host, form, imageDigest, changes, startedAt, endedAt, reason, exitCode } = AttemptSchema.properties;
const { engineVersion, kernel, architecture, gpuDriver } = MachineSchema.properties;

export const ReceiptAttemptSchema = Type.Object(
  {
    number,
    host,
    form,
    image: RunSchema.properties.image,
    imageId: Type.Union([Type.String(), Type.Null()], {
      description: 'Id of the image on the engine, `sha256:…`; null where no container had one.',
    }),
    imageDigest,
    engineVersion,
    kernel,
    architecture,
    gpuDriver,
    changes,
    startedAt,
    endedAt,
    reason,
    exitCode,
  },
  { title: 'ReceiptAttempt' },
);

const { id, name, state, recipe, policy, rerunOf, params } = RunSchema.properties;

export const ReceiptSchema = Type.Object(
  {
    id,
    name,
    state,
    recipe,
    policy,
    rerunOf,
    params,
    spec: Type.Union([RunSpecSchema, Type.Null()], {
      description: 'Every field of it, defaults among them; null where a submission was refused before it became one.',
    }),
    specHash: Type.Union([Type.String(), Type.Null()], {
      description:
        'SHA-256 in hexadecimal of the spec as JSON with sorted keys and no spaces; the label `trainyard.spec-hash` of its containers.',
    }),
    attempts: Type.Array(ReceiptAttemptSchema),
    trainyard: Type.String({ description: 'Version of the Trainyard that wrote the receipt.' }),
  },
  {
    title: 'Receipt',
    description: 'The same for ever once the run has ended, but for the version of Trainyard; keys are sorted.',
  },
);

export type ReceiptAttempt = Static<typeof ReceiptAttemptSchema>;
export type Receipt = Omit<Static<typeof ReceiptSchema>, 'spec'> & { spec: object | null };
