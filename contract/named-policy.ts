import { Type, type Static } from '@sinclair/typebox';

import { POLICY_NAME_PATTERN } from './policy-reference';
import { PolicyFieldsSchema } from './spec-policy';

/** A policy that the server keeps under a name: in a file `policies/<name>.yaml`, or sent over the API. */

const closed = { additionalProperties: false } as const;

const NameSchema = Type.String({
  pattern: POLICY_NAME_PATTERN,
  description: 'What run specs refer to it by.',
  mend: 'write 1 to 63 lower-case letters, digits and dashes, the first a letter or digit',
});
const DescriptionSchema = Type.String({
  minLength: 1,
  maxLength: 2000,
  description: 'For people: what it is for.',
  mend: 'say in a sentence what the policy is for',
});

/** A policy as its file has it. */
export const PolicyFileSchema = Type.Object(
  { name: NameSchema, description: DescriptionSchema, policy: PolicyFieldsSchema },
  { ...closed, title: 'PolicyFile' },
);

/** The same as the API takes it, where the path has the name already. */
export const NamedPolicyInputSchema = Type.Object(
  { name: Type.Optional(NameSchema), description: DescriptionSchema, policy: PolicyFieldsSchema },
  {
    ...closed,
    title: 'NamedPolicyInput',
    examples: [
      {
        description: 'For jobs on hardware that fails now and then.',
        policy: { timeouts: { running: '24h' }, retries: { attempts: 3, delay: '1m', infrastructure: 20 } },
      },
    ],
  },
);

export const NamedPolicySchema = Type.Object(
  {
    name: NameSchema,
    version: Type.Integer({ minimum: 1, description: 'Counts from 1 for each name; what has a number never changes.' }),
    description: DescriptionSchema,
    policy: PolicyFieldsSchema,
    createdAt: Type.String({ format: 'date-time', description: 'When this version came.' }),
    file: Type.Union([Type.String(), Type.Null()], {
      description: 'The file that the policy is kept in, and is changed by; null for one that came over the API.',
    }),
    deletedAt: Type.Union([Type.String({ format: 'date-time' }), Type.Null()], {
      description: 'Since when no new run can use the policy; null while they can.',
    }),
  },
  { title: 'NamedPolicy' },
);

export type PolicyFile = Static<typeof PolicyFileSchema>;
export type NamedPolicyInput = Static<typeof NamedPolicyInputSchema>;
export type NamedPolicy = Static<typeof NamedPolicySchema>;
