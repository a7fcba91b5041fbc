import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';

import { PageSchema } from '../../../contract/http';
import { RecipeSchema } from '../../../contract/recipe';
import { ProblemError } from '../../problem-error';
import type { Services } from '../../services/services';
import { answer, problemAnswers } from '../answers';

const tags = ['recipes'];
const NameParamsSchema = Type.Object({ name: Type.String({ maxLength: 512, description: 'Name of a recipe.' }) });

export const recipeRoutes: FastifyPluginAsyncTypebox<{ services: Services }> = async (app, { services }) => {
  app.get(
    '/recipes',
    {
      schema: {
        tags,
        summary: 'List recipes',
        response: { 200: answer(PageSchema(RecipeSchema), 'All of them, by name.'), ...problemAnswers() },
      },
    },
    async () => ({ items: [...services.recipes.values()], next: null }),
  );

  app.get(
    '/recipes/:name',
    {
      schema: {
        tags,
        summary: 'Look at a recipe',
        params: NameParamsSchema,
        response: { 200: answer(RecipeSchema, 'Its parameters and its run spec.'), ...problemAnswers(404) },
      },
    },
    async (request) => {
      const recipe = services.recipes.get(request.params.name);
      if (recipe) return recipe;
      throw new ProblemError('not-found', `There is no recipe "${request.params.name}"; GET /v1/recipes lists them.`);
    },
  );
};
