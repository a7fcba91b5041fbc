import { randomUUID } from 'node:crypto';

import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import websocket from '@fastify/websocket';
import fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyServerOptions } from 'fastify';

import { bodies } from './plugins/bodies';
import { browserGuard } from './plugins/browser-guard';
import { openapi } from './plugins/openapi';
import { trackOpenStreams } from './plugins/open-streams';
import { answerError, problems } from './plugins/problems';
import { DESCRIBED_BODY } from './routes/answers';
import { hostRoutes } from './routes/v1/hosts';
import { logSearchRoutes } from './routes/v1/log-search';
import { policyRoutes } from './routes/v1/policies';
import { poolRoutes } from './routes/v1/pools';
import { recipeRoutes } from './routes/v1/recipes';
import { rerunRoutes } from './routes/v1/rerun';
import { reservationRoutes } from './routes/v1/reservations';
import { runEventRoutes } from './routes/v1/run-events';
import { runExplainRoutes } from './routes/v1/run-explain';
import { runLogRoutes } from './routes/v1/run-logs';
import { runRoutes } from './routes/v1/runs';
import { runChangeRoutes } from './routes/v1/run-changes';
import { scheduleActionRoutes } from './routes/v1/schedule-actions';
import { scheduleRoutes } from './routes/v1/schedules';
import { statusRoutes } from './routes/status';
import { trainRoutes } from './routes/train';
import { wsRoutes } from './routes/ws';
import { createEventFeed } from './services/event-feed';
import type { Services } from './services/services';

/** A client that sends its request more slowly than this is cut off. */
const REQUEST_TIMEOUT_MS = 60_000;
const MAX_WS_MESSAGE_BYTES = 1_024;

/** The API as a tree of plugins, ready to be injected into or to listen. Its services stay the caller's to close. */
export async function buildApp(services: Services): Promise<FastifyInstance> {
  const app = fastify(serverOptions(services)).withTypeProvider<TypeBoxTypeProvider>();
  // Bodies are checked by the services, in the words of the contract; answers are tested against their schemas and are
  // written as they are, so that a schema can never drop a field.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));

  // The first, so that it also closes the connection of an upgrade that one of the others refuses.
  await app.register(websocket, { options: { maxPayload: MAX_WS_MESSAGE_BYTES } });
  const { allowRemote, allowedHosts } = services.config.api;
  await app.register(browserGuard, { allowRemote, allowedHosts });
  app.addHook('onRequest', async (request, reply) => void reply.header('x-request-id', request.id));
  await app.register(bodies);
  await app.register(problems);
  await app.register(openapi);
  await app.register(routes, { services });
  await app.ready();
  return app as unknown as FastifyInstance;
}

async function routes(app: FastifyInstance, { services }: { services: Services }): Promise<void> {
  const streams = trackOpenStreams(app);
  const feed = createEventFeed(services.runStore, services.logger);
  const v1 = { services, prefix: '/v1' };
  await app.register(runRoutes, v1);
  await app.register(runChangeRoutes, v1);
  await app.register(runExplainRoutes, v1);
  await app.register(runLogRoutes, { ...v1, streams });
  await app.register(logSearchRoutes, { ...v1, streams });
  await app.register(rerunRoutes, v1);
  await app.register(runEventRoutes, v1);
  await app.register(recipeRoutes, v1);
  await app.register(policyRoutes, v1);
  await app.register(scheduleRoutes, v1);
  await app.register(scheduleActionRoutes, v1);
  await app.register(hostRoutes, v1);
  await app.register(poolRoutes, v1);
  await app.register(reservationRoutes, v1);
  await app.register(trainRoutes, { services });
  await app.register(statusRoutes, { services });
  await app.register(wsRoutes, { feed });
}

function serverOptions({ config, logger }: Services): FastifyServerOptions & { loggerInstance: FastifyBaseLogger } {
  return {
    loggerInstance: logger,
    bodyLimit: config.api.bodyLimitBytes,
    requestTimeout: REQUEST_TIMEOUT_MS,
    requestIdHeader: false,
    genReqId: ({ headers }) => acceptRequestId(headers['x-request-id']) ?? randomUUID(),
    frameworkErrors: (error, request, reply) => void answerError(error, request, reply),
    routerOptions: { maxParamLength: 512, ignoreTrailingSlash: true },
    ajv: {
      customOptions: {
        removeAdditional: false,
        coerceTypes: 'array',
        allErrors: true,
        keywords: ['mend', DESCRIBED_BODY],
      },
    },
  };
}

/** A caller's own id joins its log with ours, if it is one that a log can bear. */
function acceptRequestId(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' && /^[\w.:-]{1,128}$/.test(header) ? header : undefined;
}
