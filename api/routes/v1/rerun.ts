import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifySchema } from 'fastify';

import { ReceiptSchema } from '../../../contract/receipt';
import { RunSchema } from '../../../contract/run';
import { writeReceipt } from '../../services/receipt';
import { rerun, RerunBodySchema } from '../../services/rerun';
import type { Services } from '../../services/services';
import {
  answer,
  describedBody,
  IdempotencyHeadersSchema,
  problemAnswers,
  RunIdParamsSchema,
  submissionHeaders,
} from '../answers';

const tags = ['runs'];

const rerunSchema = {
  tags,
  summary: 'Run a run again',
  description:
    "Submits a new run with the run's whole spec as it was, and changes over it. The run may still be going on; nothing happens to it.",
  consumes: ['application/json', 'application/yaml'],
  headers: IdempotencyHeadersSchema,
  params: RunIdParamsSchema,
  body: describedBody(RerunBodySchema),
  response: {
    202: answer(RunSchema, 'The new run is accepted; `Location` is where it can be watched.'),
    ...problemAnswers(400, 403, 404, 409, 413, 415, 422, 429, 503),
  },
} satisfies FastifySchema;

const receiptSchema = {
  tags,
  summary: 'Show the receipt of a run',
  description: 'What it was made of and what each attempt ran on, to be kept. Its keys are sorted.',
  params: RunIdParamsSchema,
  response: { 200: answer(ReceiptSchema, 'The receipt.'), ...problemAnswers(404, 503) },
} satisfies FastifySchema;

export const rerunRoutes: FastifyPluginAsyncTypebox<{ services: Services }> = async (app, { services }) => {
  app.post('/runs/:id/rerun', { schema: rerunSchema }, async (request, reply) => {
    const key = request.headers['idempotency-key'];
    const { run, replayed } = await rerun(services, request.params.id, request.body, key);
    return reply
      .code(202)
      .headers(submissionHeaders(`/v1/runs/${encodeURIComponent(run.id)}`, replayed))
      .send(run);
  });

  app.get('/runs/:id/receipt', { schema: receiptSchema }, async (request) => writeReceipt(services, request.params.id));
};
