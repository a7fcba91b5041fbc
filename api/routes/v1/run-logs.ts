import { Readable } from 'node:stream';

import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { type Static, Type } from '@sinclair/typebox';
import type { FastifySchema } from 'fastify';

import { LogBeginSchema, LogEndSchema, LogLineSchema } from '../../../contract/http';
import { LOG_FROM_HEADER } from '../../../contract/log-place';
import type { OpenStreams } from '../../plugins/open-streams';
import { invalidInput } from '../../problem-error';
import { filterOf, findRunWithLog, type LogChoice } from '../../services/find-log';
import { formatFromAccept, LOG_MEDIA_TYPES, type LogFormat } from '../../services/log-formats';
import { logQueryOf } from '../../services/log-selection';
import { pushLog } from '../../services/push-log';
import { isAllRead, type LogRequest, openLog } from '../../services/read-log';
import type { Services } from '../../services/services';
import { problemAnswers, RunIdParamsSchema } from '../answers';
import { LogsHeadersSchema, LogsQuerySchema } from './log-query';

const LogAnswer = Type.Unsafe<unknown>({
  description:
    'The lines, as they are read; an answer that breaks off in the middle was cut off. Where lines are missing, or one was too long and is in parts, a line of `system` says so in its place; text has `[trainyard] ` before it.',
  content: {
    'text/plain': { schema: Type.String({ examples: ['{"epoch": 1, "loss": 0.41, "accuracy": 0.89}\n'] }) },
    'application/x-ndjson': {
      schema: {
        ...LogLineSchema,
        description:
          'A line of the log each. A follow sends an empty line every 15 s while nothing comes; skip it. Its header `Trainyard-Log-From` is the number of the line that it begins at.',
      },
    },
    'text/event-stream': {
      schema: Type.String({
        description:
          'Lines with their number as id; `event: end` when the run has ended. While no line comes, an id alone tells where the follow stands.',
      }),
    },
  },
});

const EndOfLog = Type.Unsafe<unknown>({
  type: 'null',
  description: 'The run has ended and the client has every line.',
});

const LogMessages = Type.Unsafe<unknown>({
  ...Type.Union([LogLineSchema, LogBeginSchema, LogEndSchema]),
  description:
    'Over a WebSocket: a message for each line, and a last one with `"event": "end"`. A follow with `tail` or `since` has a first one with `"event": "begin"`.',
});

interface LogRouteOptions {
  services: Services;
  streams: OpenStreams;
}

const readLogsSchema = {
  tags: ['runs'],
  summary: 'Read or follow the log of a run',
  description:
    'Also over a WebSocket at the same address: each message is a line as JSON. Whoever was cut off goes on with `from`, one more than the number of the last line that came, and without `tail`; before the first line, with the number that the follow has told. Browsers do so by themselves with server-sent events.',
  params: RunIdParamsSchema,
  querystring: LogsQuerySchema,
  headers: LogsHeadersSchema,
  response: { 101: LogMessages, 200: LogAnswer, 204: EndOfLog, ...problemAnswers(400, 404, 410, 503) },
} satisfies FastifySchema;

export const runLogRoutes: FastifyPluginAsyncTypebox<LogRouteOptions> = async (app, { services, streams }) => {
  app.route({
    method: 'GET',
    url: '/runs/:id/logs',
    // The answer to HEAD would have to read the whole log to throw it away.
    exposeHeadRoute: false,
    schema: readLogsSchema,
    preHandler: async (request) => {
      // Before a connection becomes a WebSocket, which could not be answered a problem.
      if (!request.ws) return;
      await findRunWithLog(services, request.params.id, choiceOf(request.query));
      socketRequestOf(request.query);
    },
    handler: async (request, reply) => {
      const format = request.query.format ?? formatFromAccept(request.headers.accept);
      const after = format === 'sse' ? lastEventId(request.headers) : undefined;
      const run = await findRunWithLog(services, request.params.id, choiceOf(request.query, after));
      const wanted = requestOf(request.query, format, after);
      if (after !== undefined && (await isAllRead(services, run, after))) return reply.code(204).send();
      const log = await openLog(services, { ...wanted, runId: run.id, signal: streams.open(reply.raw) });
      const headers = { 'cache-control': 'no-store', 'content-location': logPath(run.id) };
      if (log.from !== null) reply.header(LOG_FROM_HEADER, log.from);
      return reply.type(LOG_MEDIA_TYPES[format]).headers(headers).send(Readable.from(log.pieces));
    },
    wsHandler: async (socket, request) => {
      const { id } = await findRunWithLog(services, request.params.id, choiceOf(request.query));
      await pushLog(services, socket, { runId: id, ...socketRequestOf(request.query) });
    },
  });
};

type LogsQuery = Static<typeof LogsQuerySchema>;

function choiceOf({ node, attempt, from }: LogsQuery, after?: number): LogChoice {
  return { node, attempt, isResumed: (after ?? 0) > 0 || (from ?? 1) > 1 };
}

function logPath(runId: string): string {
  return `/v1/runs/${encodeURIComponent(runId)}/logs`;
}

function requestOf(
  query: LogsQuery,
  format: LogFormat,
  after: number | undefined,
): Omit<LogRequest, 'runId' | 'signal'> {
  const { follow = format === 'sse' && query.until === undefined, timestamps } = query;
  return { format, follow, timestamps, query: logQueryOf(filterOf(query), { follow, after }) };
}

function socketRequestOf(query: LogsQuery): Pick<LogRequest, 'follow' | 'query'> {
  if (query.format !== undefined) {
    const message = 'cannot be chosen over a WebSocket, whose messages are JSON; leave it out';
    throw invalidInput([{ path: 'format', message }]);
  }
  const { follow = query.until === undefined } = query;
  return { follow, query: logQueryOf(filterOf(query), { follow }) };
}

function lastEventId(headers: { 'last-event-id'?: string }): number | undefined {
  const id = headers['last-event-id'];
  return id === undefined ? undefined : Number(id);
}
