import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifySchema } from 'fastify';

import { HealthSchema, StatsSchema } from '../../contract/http';
import { checkHealth } from '../services/health';
import type { Services } from '../services/services';
import { answer, problemAnswers } from './answers';

const tags = ['short'];

const statsSchema = {
  tags,
  summary: 'Count runs',
  response: { 200: answer(StatsSchema, 'Of all runs.'), ...problemAnswers(503) },
} satisfies FastifySchema;

const healthSchema = {
  tags,
  summary: 'Ask whether every part is well',
  response: {
    200: answer(HealthSchema, 'Runs can be submitted.'),
    503: answer(HealthSchema, 'Temporal or the store is away: no run can be submitted.'),
    500: problemAnswers()[500],
  },
} satisfies FastifySchema;

export const statusRoutes: FastifyPluginAsyncTypebox<{ services: Services }> = async (app, { services }) => {
  app.get('/stats', { schema: statsSchema }, async () => services.runStore.stats());

  app.get('/health', { schema: healthSchema }, async (_request, reply) => {
    const health = await checkHealth(services);
    return reply.code(health.status === 'down' ? 503 : 200).send(health);
  });
};
