import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifySchema } from 'fastify';

import { RunExplanationSchema } from '../../../contract/pool-http';
import { explainRun } from '../../services/explain-run';
import type { Services } from '../../services/services';
import { answer, problemAnswers, RunIdParamsSchema } from '../answers';

const explainSchema = {
  tags: ['runs'],
  summary: 'Explain what a run waits for',
  description: 'Its place in the queue, what it waits for, what would free it, and an estimate.',
  params: RunIdParamsSchema,
  response: {
    200: answer(RunExplanationSchema, 'Of a run that does not wait, what it does instead.'),
    ...problemAnswers(404, 503),
  },
} satisfies FastifySchema;

export const runExplainRoutes: FastifyPluginAsyncTypebox<{ services: Services }> = async (app, { services }) => {
  app.get('/runs/:id/explain', { schema: explainSchema }, async (request) => explainRun(services, request.params.id));
};
