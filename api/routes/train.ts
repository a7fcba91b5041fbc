import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';
import type { FastifySchema } from 'fastify';

import { TaskProgressSchema, TaskSchema } from '../../contract/http';
import { cancelRun } from '../services/cancel-run';
import type { Services } from '../services/services';
import { showTask, startTask, taskOf } from '../services/train';
import { answer, describedBody, IdempotencyHeadersSchema, problemAnswers, submissionHeaders } from './answers';

const tags = ['short'];

const TaskParamsSchema = Type.Object({
  task_id: Type.String({ minLength: 1, maxLength: 512, description: 'Id of a run.' }),
});

const TrainBodySchema = Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean()]), {
  title: 'TrainParameters',
  description: 'Parameters of the default recipe; GET /v1/recipes tells what they are.',
  examples: [{ epochs: 3, batch_size: 16 }],
});

const startSchema = {
  tags,
  summary: 'Train with the default recipe',
  headers: IdempotencyHeadersSchema,
  body: describedBody(TrainBodySchema),
  response: {
    202: answer(TaskSchema, 'Accepted; `Location` is where it can be watched.'),
    ...problemAnswers(400, 403, 413, 415, 422, 429, 503),
  },
} satisfies FastifySchema;

const lookSchema = {
  tags,
  summary: 'Look at a training',
  params: TaskParamsSchema,
  response: { 200: answer(TaskProgressSchema, 'How far it is.'), ...problemAnswers(404, 503) },
} satisfies FastifySchema;

const cancelSchema = {
  tags,
  summary: 'Cancel a training',
  params: TaskParamsSchema,
  response: {
    200: answer(TaskSchema, 'It was cancelled before.'),
    202: answer(TaskSchema, 'It was asked to end.'),
    ...problemAnswers(404, 409, 503),
  },
} satisfies FastifySchema;

export const trainRoutes: FastifyPluginAsyncTypebox<{ services: Services }> = async (app, { services }) => {
  app.post('/train', { schema: startSchema }, async (request, reply) => {
    const { task, replayed } = await startTask(services, request.body, request.headers['idempotency-key']);
    return reply.code(202).headers(submissionHeaders(task.links.self, replayed)).send(task);
  });

  app.get('/train/:task_id', { schema: lookSchema }, async (request) => showTask(services, request.params.task_id));

  app.delete('/train/:task_id', { schema: cancelSchema }, async (request, reply) => {
    const { run, alreadyCancelled } = await cancelRun(services, request.params.task_id);
    return reply.code(alreadyCancelled ? 200 : 202).send(taskOf(run));
  });
};
