import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';

import { HostSchema } from '../../../contract/host';
import { PageSchema } from '../../../contract/http';
import type { Services } from '../../services/services';
import { answer, problemAnswers } from '../answers';

export const hostRoutes: FastifyPluginAsyncTypebox<{ services: Services }> = async (app, { services }) => {
  app.get(
    '/hosts',
    {
      schema: {
        tags: ['hosts'],
        summary: 'List hosts',
        description: 'As each of them last reported.',
        response: { 200: answer(PageSchema(HostSchema), 'All of them.'), ...problemAnswers(503) },
      },
    },
    async () => ({ items: await services.runStore.listHosts(), next: null }),
  );
};
