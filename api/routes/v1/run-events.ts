import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';

import { PageSchema } from '../../../contract/http';
import { RunEventSchema } from '../../../contract/run';
import { defaulted } from '../../defaulted';
import { findRun } from '../../services/find-run';
import type { Services } from '../../services/services';
import { answer, problemAnswers, RunIdParamsSchema } from '../answers';

const EventsQuerySchema = Type.Object(
  {
    after: defaulted(
      Type.Integer({
        minimum: 0,
        default: 0,
        description:
          'Only events with a larger number: the `seq` of the last one known, or the `next` of the page before.',
      }),
    ),
    limit: defaulted(Type.Integer({ minimum: 1, maximum: 500, default: 100, description: 'At most this many.' })),
  },
  { additionalProperties: false },
);

export const runEventRoutes: FastifyPluginAsyncTypebox<{ services: Services }> = async (app, { services }) => {
  app.get(
    '/runs/:id/events',
    {
      schema: {
        tags: ['runs'],
        summary: 'List the events of a run',
        description: 'The oldest first. GET /ws pushes those of all runs as they happen.',
        params: RunIdParamsSchema,
        querystring: EventsQuerySchema,
        response: { 200: answer(PageSchema(RunEventSchema), 'A page of events.'), ...problemAnswers(400, 404, 503) },
      },
    },
    async (request) => {
      const { after, limit } = request.query;
      const { run } = await findRun(services, request.params.id);
      const items = await services.runStore.listEvents(run.id, after, limit);
      return { items, next: items.length === limit ? String(items.at(-1)!.seq) : null };
    },
  );
};
