import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';
import type { FastifySchema } from 'fastify';

import { PageSchema } from '../../../contract/http';
import type { HostIntent } from '../../../contract/pool';
import { HostDetailSchema } from '../../../contract/pool-http';
import { AskBodySchema, checkBody } from '../../services/check-body';
import { changeHost, listHosts, lookAtHost } from '../../services/hosts';
import { removeHost } from '../../services/remove-host';
import type { Services } from '../../services/services';
import { answer, describedBody, problemAnswers } from '../answers';

const tags = ['hosts'];
const params = Type.Object({ name: Type.String({ minLength: 1, maxLength: 63, description: 'Name of a host.' }) });

const listSchema = {
  tags,
  summary: 'List hosts',
  description: 'As each of them last reported, and what its pool makes of it.',
  response: { 200: answer(PageSchema(HostDetailSchema), 'All of them, by name.'), ...problemAnswers(503) },
} satisfies FastifySchema;

const lookSchema = {
  tags,
  summary: 'Look at a host',
  params,
  response: { 200: answer(HostDetailSchema, 'The host.'), ...problemAnswers(404, 503) },
} satisfies FastifySchema;

const removeSchema = {
  tags,
  summary: 'Remove a host',
  description:
    'For one that is gone for good or has another name now: it has to be lost, and to hold nothing. It counts no more for what its pool could hold, and what was wanted of it is forgotten. One that reports again comes back as a new host.',
  params,
  response: { 204: Type.Null({ description: 'Gone.' }), ...problemAnswers(404, 409, 503) },
} satisfies FastifySchema;

const VERBS: { verb: string; intent: HostIntent; summary: string; description: string; means: string }[] = [
  {
    verb: 'cordon',
    intent: 'cordoned',
    summary: 'Keep new runs from a host',
    description: 'What runs on it goes on.',
    means: 'It takes no new runs.',
  },
  {
    verb: 'drain',
    intent: 'draining',
    summary: 'Empty a host',
    description:
      'It takes no new runs, and preemptible ones leave it for another host. All others run to their end: nothing is killed.',
    means: 'It takes no new runs and empties itself.',
  },
  {
    verb: 'uncordon',
    intent: 'none',
    summary: 'Let a host take runs again',
    description: 'After a cordon or a drain.',
    means: 'It takes runs.',
  },
];

export const hostRoutes: FastifyPluginAsyncTypebox<{ services: Services }> = async (app, { services }) => {
  app.get('/hosts', { schema: listSchema }, async () => ({ items: await listHosts(services), next: null }));

  app.get('/hosts/:name', { schema: lookSchema }, async (request) => lookAtHost(services, request.params.name));

  app.delete('/hosts/:name', { schema: removeSchema }, async (request, reply) => {
    await removeHost(services, request.params.name);
    return reply.code(204).send(null);
  });

  for (const { verb, intent, summary, description, means } of VERBS) {
    const schema = {
      tags,
      summary,
      description,
      params,
      body: describedBody(AskBodySchema),
      response: { 200: answer(HostDetailSchema, means), ...problemAnswers(400, 404, 409, 415, 503) },
    } satisfies FastifySchema;
    app.post(`/hosts/:name/${verb}`, { schema }, async (request) => {
      const { by } = checkBody(AskBodySchema, request.body);
      return changeHost(services, request.params.name, intent, by);
    });
  }
};
