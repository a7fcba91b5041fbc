import { Type, type Static } from '@sinclair/typebox';

import type { RunSpecInput, RunSubmission } from './spec';

/** A run spec with parameters that the server keeps under a name: `recipes/<name>/recipe.yaml`. */

const ParamTypeSchema = Type.Union(
  [Type.Literal('integer'), Type.Literal('number'), Type.Literal('string'), Type.Literal('boolean')],
  { mend: 'write "integer", "number", "string" or "boolean"' },
);

export const RecipeParamSchema = Type.Object(
  {
    type: ParamTypeSchema,
    description: Type.String({ minLength: 1, maxLength: 500, mend: 'say in a sentence what the parameter does' }),
    default: Type.Optional(
      Type.Union([Type.String({ maxLength: 4096 }), Type.Number(), Type.Boolean()], {
        description: 'Value where a submission has none. Without it the parameter must be given.',
        mend: "write a value of the parameter's type",
      }),
    ),
    minimum: Type.Optional(Type.Number({ description: 'Least value, of numbers only.' })),
    maximum: Type.Optional(Type.Number({ description: 'Greatest value, of numbers only.' })),
  },
  { additionalProperties: false },
);

const shared = {
  name: Type.String({
    pattern: '^[a-z0-9][a-z0-9-]{0,62}$',
    mend: 'write the name of its folder: lower-case letters, digits and dashes',
  }),
  description: Type.String({ minLength: 1, maxLength: 2000, mend: 'say in a sentence what the recipe trains' }),
  params: Type.Record(Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_]{0,63}$' }), RecipeParamSchema, {
    additionalProperties: false,
    default: {},
    mend: 'name a parameter with letters, digits and underscores, and give it a type and a description',
  }),
};

/** A recipe as its file has it; `spec` is checked as a run spec, with the parameters' values filled in. */
export const RecipeFileSchema = Type.Object(
  { ...shared, params: Type.Optional(shared.params), spec: Type.Unknown() },
  { additionalProperties: false, title: 'RecipeFile' },
);

export const RecipeSchema = Type.Object(
  { ...shared, spec: Type.Unsafe<RecipeSpec>(Type.Object({})) },
  { title: 'Recipe' },
);

/** A run spec whose policy may be the name of one. */
export type RecipeSpec = Omit<RunSpecInput, 'policy'> & Pick<RunSubmission, 'policy'>;
export type RecipeParam = Static<typeof RecipeParamSchema>;
export type Recipe = Static<typeof RecipeSchema>;

/** The recipes of a server by name. */
export type RecipeBook = ReadonlyMap<string, Recipe>;
