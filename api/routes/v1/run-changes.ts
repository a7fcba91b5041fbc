import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifySchema } from 'fastify';

import { RunDetailSchema } from '../../../contract/http';
import { RunChangeSchema } from '../../../contract/run-change';
import { changeRun } from '../../services/change-run';
import { withSeals } from '../../services/sealed-attempts';
import type { Services } from '../../services/services';
import { answer, describedBody, problemAnswers, RunIdParamsSchema } from '../answers';

const changeSchema = {
  tags: ['runs'],
  summary: 'Change limits and labels of a run that goes on',
  description:
    'Holds at once, also for the attempt that is under way. What is not named stays. A limit cannot be less than what has passed of it.',
  consumes: ['application/json', 'application/yaml'],
  params: RunIdParamsSchema,
  body: describedBody(RunChangeSchema),
  response: {
    200: answer(RunDetailSchema, 'The run as it stands with the change.'),
    ...problemAnswers(400, 404, 409, 413, 415, 503),
  },
} satisfies FastifySchema;

export const runChangeRoutes: FastifyPluginAsyncTypebox<{ services: Services }> = async (app, { services }) => {
  app.patch('/runs/:id', { schema: changeSchema }, async (request) => {
    const { run, attempts, spec } = await changeRun(services, request.params.id, request.body);
    return { ...run, attempts: await withSeals(services.logStore, run.id, attempts), spec, pull: null };
  });
};
