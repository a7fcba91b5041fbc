import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';
import type { FastifySchema } from 'fastify';

import { PageSchema } from '../../../contract/http';
import { NamedPolicyInputSchema, NamedPolicySchema } from '../../../contract/named-policy';
import { PolicyTrialSchema, TriedPageSchema } from '../../../contract/try-policy';
import { deletePolicy, lookAtPolicy, putPolicy, versionsOfPolicy } from '../../services/policies';
import type { Services } from '../../services/services';
import { tryOutPolicy } from '../../services/try-policy';
import { answer, describedBody, problemAnswers } from '../answers';

const tags = ['policies'];
const consumes = ['application/json', 'application/yaml'];
const params = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 512, description: 'Name of a policy.' }),
});

const putSchema = {
  tags,
  summary: 'Keep a policy under a name',
  description:
    'Makes a new version of it, unless the newest one has the same content. Runs keep the version that they were submitted with.',
  consumes,
  params,
  body: describedBody(NamedPolicyInputSchema),
  response: {
    200: answer(NamedPolicySchema, 'The newest version, which has this content already.'),
    201: answer(NamedPolicySchema, 'The new version.'),
    ...problemAnswers(400, 409, 413, 415, 503),
  },
} satisfies FastifySchema;

const listSchema = {
  tags,
  summary: 'List policies',
  response: {
    200: answer(PageSchema(NamedPolicySchema), 'The newest version of each, by name.'),
    ...problemAnswers(503),
  },
} satisfies FastifySchema;

const lookSchema = {
  tags,
  summary: 'Look at a policy',
  params,
  querystring: Type.Object(
    { version: Type.Optional(Type.Integer({ minimum: 1, description: 'Default: the newest.' })) },
    { additionalProperties: false },
  ),
  response: { 200: answer(NamedPolicySchema, 'One version of it.'), ...problemAnswers(400, 404, 503) },
} satisfies FastifySchema;

const versionsSchema = {
  tags,
  summary: 'List the versions of a policy',
  params,
  response: {
    200: answer(PageSchema(NamedPolicySchema), 'All of them, newest first, also of a deleted policy.'),
    ...problemAnswers(404, 503),
  },
} satisfies FastifySchema;

const removeSchema = {
  tags,
  summary: 'Delete a policy',
  description: 'No new run can use it; its versions stay, and so do the runs that have them.',
  params,
  response: { 204: Type.Null({ description: 'Gone.' }), ...problemAnswers(404, 409, 503) },
} satisfies FastifySchema;

const trySchema = {
  tags,
  summary: 'Try a policy on past runs or written outcomes',
  description:
    'Tells for each attempt what the policy would have decided, and why. Nothing is kept and no run is touched.',
  consumes,
  body: describedBody(PolicyTrialSchema),
  response: {
    200: answer(TriedPageSchema, 'One item for each run, in the order of the request, and one for the outcomes.'),
    ...problemAnswers(400, 413, 415, 503),
  },
} satisfies FastifySchema;

export const policyRoutes: FastifyPluginAsyncTypebox<{ services: Services }> = async (app, { services }) => {
  app.get('/policies', { schema: listSchema }, async () => ({ items: await services.policies.list(), next: null }));

  app.get('/policies/:name', { schema: lookSchema }, async (request) =>
    lookAtPolicy(services, request.params.name, request.query.version ?? null),
  );

  app.get('/policies/:name/versions', { schema: versionsSchema }, async (request) => ({
    items: await versionsOfPolicy(services, request.params.name),
    next: null,
  }));

  app.put('/policies/:name', { schema: putSchema }, async (request, reply) => {
    const { policy, isNew } = await putPolicy(services, request.params.name, request.body);
    const location = `/v1/policies/${policy.name}?version=${policy.version}`;
    return reply
      .code(isNew ? 201 : 200)
      .header('location', location)
      .send(policy);
  });

  app.delete('/policies/:name', { schema: removeSchema }, async (request, reply) => {
    await deletePolicy(services, request.params.name);
    return reply.code(204).send(null);
  });

  app.post('/policies/try', { schema: trySchema }, async (request) => ({
    items: await tryOutPolicy(services, request.body),
    next: null,
  }));
};
