import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';
import type { FastifySchema } from 'fastify';

import { PageSchema } from '../../../contract/http';
import { PoolDetailSchema, PoolSummarySchema } from '../../../contract/pool-http';
import { PoolChangeSchema } from '../../../contract/pool-settings';
import { changePool, listPools, lookAtPool } from '../../services/pools';
import type { Services } from '../../services/services';
import { answer, describedBody, problemAnswers } from '../answers';

const tags = ['pools'];
const params = Type.Object({ name: Type.String({ minLength: 1, maxLength: 63, description: 'Name of a pool.' }) });

const listSchema = {
  tags,
  summary: 'List pools',
  response: { 200: answer(PageSchema(PoolSummarySchema), 'All of them, by name.'), ...problemAnswers(503) },
} satisfies FastifySchema;

const lookSchema = {
  tags,
  summary: 'Look at a pool',
  description: 'Its settings, what waits in its queue and why, and what has a place.',
  params,
  response: { 200: answer(PoolDetailSchema, 'The pool.'), ...problemAnswers(404, 503) },
} satisfies FastifySchema;

const changeSchema = {
  tags,
  summary: 'Change settings of a pool',
  description: 'From its next decision on. What is not named stays; in a map, null takes an entry away.',
  consumes: ['application/json', 'application/yaml'],
  params,
  body: describedBody(PoolChangeSchema),
  response: {
    200: answer(PoolDetailSchema, 'The pool as it stands with the change.'),
    ...problemAnswers(400, 404, 409, 413, 415, 503),
  },
} satisfies FastifySchema;

export const poolRoutes: FastifyPluginAsyncTypebox<{ services: Services }> = async (app, { services }) => {
  app.get('/pools', { schema: listSchema }, async () => ({ items: await listPools(services), next: null }));

  app.get('/pools/:name', { schema: lookSchema }, async (request) => lookAtPool(services, request.params.name));

  app.patch('/pools/:name', { schema: changeSchema }, async (request) =>
    changePool(services, request.params.name, request.body),
  );
};
