import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';
import type { FastifySchema } from 'fastify';

import { AttemptDetailSchema, LAST_LINES, MOST_LAST_LINES, PageSchema, RunDetailSchema } from '../../../contract/http';
import { RunSchema } from '../../../contract/run';
import { RunSubmissionSchema } from '../../../contract/spec';
import { defaulted } from '../../defaulted';
import { attemptsWithLines } from '../../services/attempts';
import { cancelRun } from '../../services/cancel-run';
import { AskBodySchema, checkBody } from '../../services/check-body';
import { lookAtRun } from '../../services/find-run';
import { queryOf, RunListQuerySchema } from '../../services/list-runs';
import type { Services } from '../../services/services';
import { resumeRun, suspendRun } from '../../services/suspend-run';
import { submitRun } from '../../services/submit-run';
import {
  answer,
  describedBody,
  IdempotencyHeadersSchema,
  problemAnswers,
  RunIdParamsSchema,
  submissionHeaders,
} from '../answers';

const tags = ['runs'];

const SUBMISSION_EXAMPLES = [
  { recipe: 'digits', params: { epochs: 3, batch_size: 16 } },
  {
    name: 'digits-mlp',
    image: 'trainyard/digits:1',
    command: ['python3', 'train.py'],
    resources: { cpus: 2, memory: '4g' },
    policy: { timeouts: { running: '12h' }, retries: { attempts: 3, delay: '5s' } },
  },
];

const submitSchema = {
  tags,
  summary: 'Submit a run',
  description: 'Once this has answered, the run exists in Temporal and comes to an end whatever dies on the way.',
  consumes: ['application/json', 'application/yaml'],
  headers: IdempotencyHeadersSchema,
  body: describedBody({ ...RunSubmissionSchema, examples: SUBMISSION_EXAMPLES }),
  response: {
    202: answer(RunSchema, 'Accepted; `Location` is where it can be watched.'),
    ...problemAnswers(400, 403, 413, 415, 422, 429, 503),
  },
} satisfies FastifySchema;

const listSchema = {
  tags,
  summary: 'List runs',
  description: 'The newest first.',
  querystring: RunListQuerySchema,
  response: { 200: answer(PageSchema(RunSchema), 'A page of runs.'), ...problemAnswers(400, 503) },
} satisfies FastifySchema;

const lookSchema = {
  tags,
  summary: 'Look at a run',
  params: RunIdParamsSchema,
  response: { 200: answer(RunDetailSchema, 'The run, its attempts and its spec.'), ...problemAnswers(404, 503) },
} satisfies FastifySchema;

const attemptsSchema = {
  tags,
  summary: 'List the attempts of a run',
  description: 'With all that is known of how each went: evidence of its failure, and the last lines of its log.',
  params: RunIdParamsSchema,
  querystring: Type.Object({
    lines: defaulted(
      Type.Integer({
        minimum: 0,
        maximum: MOST_LAST_LINES,
        default: LAST_LINES,
        description: 'Last lines of the log of each attempt.',
      }),
    ),
  }),
  response: {
    200: answer(PageSchema(AttemptDetailSchema), 'All of them, oldest first.'),
    ...problemAnswers(400, 404, 503),
  },
} satisfies FastifySchema;

/** Of a route that asks something of a run; `isSo` and `isAsked` tell what its two answers mean. */
function askSchema(summary: string, description: string, { isSo, isAsked }: { isSo: string; isAsked: string }) {
  return {
    tags,
    summary,
    description,
    params: RunIdParamsSchema,
    body: describedBody(AskBodySchema),
    response: {
      200: answer(RunSchema, isSo),
      202: answer(RunSchema, isAsked),
      ...problemAnswers(400, 404, 409, 415, 503),
    },
  } satisfies FastifySchema;
}

const cancelSchema = askSchema(
  'Cancel a run',
  'Its container gets SIGTERM, the grace of its policy, and SIGKILL. The run is `cancelled` when the container is gone.',
  { isSo: 'It was cancelled before.', isAsked: 'It was asked to end.' },
);

const suspendSchema = askSchema(
  'Suspend a run',
  'Its container gets SIGTERM, the grace of its policy, and SIGKILL. The run is `suspended` when the container is gone, says which checkpoint it will go on from, and holds nothing until it is resumed.',
  { isSo: 'It is suspended already.', isAsked: 'It was asked to give up its container.' },
);

const resumeSchema = askSchema(
  'Resume a suspended run',
  'It goes on with a next attempt, from its newest checkpoint; that takes from no budget of its policy.',
  { isSo: 'It is not suspended, and goes on as it is.', isAsked: 'It was asked to go on.' },
);

export const runRoutes: FastifyPluginAsyncTypebox<{ services: Services }> = async (app, { services }) => {
  app.post('/runs', { schema: submitSchema }, async (request, reply) => {
    const { run, replayed } = await submitRun(services, request.body, request.headers['idempotency-key']);
    const headers = submissionHeaders(`/v1/runs/${encodeURIComponent(run.id)}`, replayed);
    return reply.code(202).headers(headers).send(run);
  });

  app.get('/runs', { schema: listSchema }, async (request) => services.runStore.listRuns(queryOf(request.query)));

  app.get('/runs/:id', { schema: lookSchema }, async (request) => {
    const { run, attempts, spec, pull } = await lookAtRun(services, request.params.id);
    return { ...run, attempts, spec, pull };
  });

  app.get('/runs/:id/attempts', { schema: attemptsSchema }, async (request) => ({
    items: await attemptsWithLines(services, request.params.id, request.query.lines),
    next: null,
  }));

  app.post('/runs/:id/cancel', { schema: cancelSchema }, async (request, reply) => {
    const body = checkBody(AskBodySchema, request.body);
    const { run, alreadyCancelled } = await cancelRun(services, request.params.id, body.by);
    return reply.code(alreadyCancelled ? 200 : 202).send(run);
  });

  app.post('/runs/:id/suspend', { schema: suspendSchema }, async (request, reply) => {
    const { run, isSo } = await suspendRun(services, request.params.id, checkBody(AskBodySchema, request.body).by);
    return reply.code(isSo ? 200 : 202).send(run);
  });

  app.post('/runs/:id/resume', { schema: resumeSchema }, async (request, reply) => {
    const { run, isSo } = await resumeRun(services, request.params.id, checkBody(AskBodySchema, request.body).by);
    return reply.code(isSo ? 200 : 202).send(run);
  });
};
