import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';

import { LogSearchSchema } from '../../../contract/http';
import { defaulted } from '../../defaulted';
import type { OpenStreams } from '../../plugins/open-streams';
import { createGate } from '../../services/gate';
import { filterOf, RUN_FILTERS } from '../../services/list-runs';
import { searchQueryOf } from '../../services/log-selection';
import { searchLogs } from '../../services/search-logs';
import type { Services } from '../../services/services';
import { answer, problemAnswers } from '../answers';
import { LINE_FILTERS, Pattern, PATTERN_OPTIONS } from './log-query';

/** What one request may read, and how long it may take, before it answers with what it has. */
const BUDGET = { bytes: 256 * 1024 * 1024, timeMs: 2_000 };

/** Searches at once; more would not be done sooner, and would keep everybody else waiting. */
const SEARCHES_AT_ONCE = 2;

const SearchQuerySchema = Type.Object(
  {
    query: Pattern('What to look for.'),
    ...PATTERN_OPTIONS,
    ...LINE_FILTERS,
    ...RUN_FILTERS,
    cursor: Type.Optional(Type.String({ maxLength: 1_000, description: 'The `next` of the page before.' })),
    limit: defaulted(Type.Integer({ minimum: 1, maximum: 500, default: 50, description: 'At most this many hits.' })),
  },
  { additionalProperties: false },
);

export const logSearchRoutes: FastifyPluginAsyncTypebox<{ services: Services; streams: OpenStreams }> = async (
  app,
  { services, streams },
) => {
  const inTurn = createGate(SEARCHES_AT_ONCE);
  app.get(
    '/logs',
    {
      exposeHeadRoute: false,
      schema: {
        tags: ['runs'],
        summary: 'Search the logs of all runs',
        description: `The newest runs first, each from its first line on; the nodes of gangs are among them. A request reads ${BUDGET.bytes / 1024 ** 2} MiB or takes ${BUDGET.timeMs / 1_000} s at most and then answers with what it has, which may be nothing: \`stopped\` says so, and \`next\` goes on.`,
        querystring: SearchQuerySchema,
        response: { 200: answer(LogSearchSchema, 'A page of hits.'), ...problemAnswers(400, 503) },
      },
    },
    async (request, reply) => {
      const { query, literal, ignoreCase, since, until, stream, system, cursor, limit, ...filters } = request.query;
      const line = { query, literal, ignoreCase, since, until, stream, system };
      const { query: lines, pattern } = searchQueryOf(line, new Date());
      const runs = filterOf(filters);
      const signal = streams.open(reply.raw);
      const budget = { ...BUDGET, hits: limit };
      return inTurn(async () => searchLogs(services, { runs, lines, pattern, budget, cursor, signal }));
    },
  );
};
