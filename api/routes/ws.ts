import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';

import { FeedMessageSchema } from '../../contract/http';
import { ProblemError } from '../problem-error';
import type { EventFeed } from '../services/event-feed';
import { pushEvents } from '../services/push-events';
import { problemAnswers } from './answers';

const FeedQuerySchema = Type.Object(
  {
    after: Type.Optional(
      Type.Integer({
        minimum: 0,
        description:
          'Begins after this position of the feed; 0 is its beginning. Default: only what comes from now on.',
      }),
    ),
    run: Type.Optional(Type.String({ maxLength: 128, description: 'Only the events of this run.' })),
  },
  { additionalProperties: false },
);

export const wsRoutes: FastifyPluginAsyncTypebox<{ feed: EventFeed }> = async (app, { feed }) => {
  app.route({
    method: 'GET',
    url: '/ws',
    schema: {
      tags: ['short'],
      summary: 'Have the events of all runs pushed (WebSocket)',
      description:
        'Each message is one event as JSON. A client that reads too slowly is dropped with code 1013 and can resume with `after`.',
      querystring: FeedQuerySchema,
      response: {
        101: Type.Unsafe<unknown>({ ...FeedMessageSchema, description: 'The form of each message.' }),
        ...problemAnswers(400, 426),
      },
    },
    handler: async () => {
      throw new ProblemError('upgrade-required', 'Connect with a WebSocket client, such as new WebSocket(url).', {
        headers: { upgrade: 'websocket', connection: 'Upgrade' },
      });
    },
    wsHandler: (socket, request) => pushEvents(feed, socket, { after: request.query.after, runId: request.query.run }),
  });
};
