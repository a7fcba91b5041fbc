import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import type { FastifySchema } from 'fastify/types/schema';
import fastifyPlugin from 'fastify-plugin';

import { readVersion } from '../../config/version';
import { DESCRIBED_BODY } from '../routes/answers';

const TAGS = [
  { name: 'runs', description: 'Submit training runs, watch them and cancel them.' },
  { name: 'recipes', description: 'Run specs with parameters that the server keeps.' },
  { name: 'policies', description: 'Policies that the server keeps under names, for run specs to refer to.' },
  { name: 'schedules', description: 'Recurring runs.' },
  { name: 'hosts', description: 'Machines that run containers.' },
  {
    name: 'pools',
    description: 'Queues over hosts: who waits for what, how much each may have, and what is reserved.',
  },
  { name: 'short', description: 'The short API: the default recipe, statistics, health, and a feed of events.' },
];

/** The description of the API at /docs/json, made from the routes, and a page to try it out at /docs. */
export const openapi = fastifyPlugin(
  async (app: FastifyInstance) => {
    await app.register(swagger, {
      openapi: {
        openapi: '3.1.0',
        info: {
          title: 'Trainyard',
          version: readVersion(),
          description:
            'Runs machine-learning training jobs in Docker containers, durably. Errors are problem details (RFC 9457); lists are `{ "items": […], "next": cursor or null }`.',
          license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
        },
        tags: TAGS,
      },
      transform: ({ schema, url }) => ({ schema: showBody(schema), url }),
    });
    await app.register(swaggerUi, { routePrefix: '/docs', uiConfig: { docExpansion: 'list', tryItOutEnabled: true } });
  },
  { name: 'openapi' },
);

function showBody(schema: FastifySchema): FastifySchema {
  const body = schema?.body as Record<string, unknown> | undefined;
  return body && DESCRIBED_BODY in body ? { ...schema, body: body[DESCRIBED_BODY] } : schema;
}
