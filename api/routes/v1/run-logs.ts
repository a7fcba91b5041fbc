import { Readable } from 'node:stream';

import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { type Static, Type } from '@sinclair/typebox';
import type { FastifySchema } from 'fastify';

import { LogLineSchema } from '../../../contract/http';
import { defaulted } from '../../defaulted';
import type { OpenStreams } from '../../plugins/open-streams';
import { findRun } from '../../services/find-run';
import { formatFromAccept, LOG_FORMATS, LOG_MEDIA_TYPES, type LogFormat } from '../../services/log-formats';
import { chooseStreams, isAllRead, type LogRequest, readLog } from '../../services/read-log';
import type { Services } from '../../services/services';
import { problemAnswers, RunIdParamsSchema } from '../answers';

const LogsQuerySchema = Type.Object(
  {
    format: Type.Optional(
      Type.Unsafe<LogFormat>(
        Type.String({
          enum: [...LOG_FORMATS],
          description:
            'text: the bare lines. ndjson: one JSON object per line. sse: server-sent events. Default: what `Accept` asks for, else text.',
        }),
      ),
    ),
    follow: Type.Optional(
      Type.Boolean({ description: 'Goes on with the lines that come, until the run ends. Default: only for sse.' }),
    ),
    from: Type.Optional(Type.Integer({ minimum: 1, description: 'Number of the first line.' })),
    tail: Type.Optional(Type.Integer({ minimum: 0, description: 'Only the last this many lines.' })),
    attempt: Type.Optional(Type.Integer({ minimum: 1, description: 'Only the lines of this attempt.' })),
    stream: Type.Optional(
      Type.Array(Type.Unsafe<'stdout' | 'stderr' | 'system'>(Type.String({ enum: ['stdout', 'stderr', 'system'] })), {
        minItems: 1,
        maxItems: 3,
        description: 'Only the lines of this stream. May be repeated.',
      }),
    ),
    system: defaulted(Type.Boolean({ default: false, description: "Also the lines that are Trainyard's own." })),
    timestamps: defaulted(
      Type.Boolean({ default: false, description: 'Puts time and stream before each line of text.' }),
    ),
  },
  { additionalProperties: false },
);

const LogsHeadersSchema = Type.Object({
  'last-event-id': Type.Optional(
    Type.String({ pattern: '^[0-9]{1,15}$', description: 'Number of the last line that came; goes on after it.' }),
  ),
});

const LogAnswer = Type.Unsafe<unknown>({
  description: 'The lines, as they are read; an answer that breaks off in the middle was cut off.',
  content: {
    'text/plain': { schema: Type.String({ examples: ['{"epoch": 1, "loss": 0.41, "accuracy": 0.89}\n'] }) },
    'application/x-ndjson': { schema: LogLineSchema },
    'text/event-stream': {
      schema: Type.String({ description: 'Lines with their number as id; `event: end` when the run has ended.' }),
    },
  },
});

const EndOfLog = Type.Unsafe<unknown>({
  type: 'null',
  description: 'The run has ended and the client has every line.',
});

interface LogRouteOptions {
  services: Services;
  streams: OpenStreams;
}

const readLogsSchema = {
  tags: ['runs'],
  summary: 'Read or follow the log of a run',
  params: RunIdParamsSchema,
  querystring: LogsQuerySchema,
  headers: LogsHeadersSchema,
  response: { 200: LogAnswer, 204: EndOfLog, ...problemAnswers(400, 404, 503) },
} satisfies FastifySchema;

export const runLogRoutes: FastifyPluginAsyncTypebox<LogRouteOptions> = async (app, { services, streams }) => {
  app.get(
    '/runs/:id/logs',
    {
      // The answer to HEAD would have to read the whole log to throw it away.
      exposeHeadRoute: false,
      schema: readLogsSchema,
    },
    async (request, reply) => {
      const { run } = await findRun(services, request.params.id);
      const format = request.query.format ?? formatFromAccept(request.headers.accept);
      const lastNumber = format === 'sse' ? lastEventId(request.headers) : undefined;
      if (lastNumber !== undefined && (await isAllRead(services, run, lastNumber))) return reply.code(204).send();
      const signal = streams.open(reply.raw);
      const log = readLog(services, { ...requestOf(request.query, format, lastNumber), runId: run.id, signal });
      return reply.type(LOG_MEDIA_TYPES[format]).header('cache-control', 'no-store').send(Readable.from(log));
    },
  );
};

/** Where a browser goes on, the numbers in the URL it first asked for are past. */
function requestOf(
  query: Static<typeof LogsQuerySchema>,
  format: LogFormat,
  lastNumber: number | undefined,
): Omit<LogRequest, 'runId' | 'signal'> {
  const { follow = format === 'sse', timestamps, attempt } = query;
  const place = lastNumber === undefined ? { from: query.from, tail: query.tail } : { from: lastNumber + 1 };
  const streams = chooseStreams(query.stream, query.system);
  return { format, follow, timestamps, query: { ...place, attempt, streams } };
}

function lastEventId(headers: { 'last-event-id'?: string }): number | undefined {
  const id = headers['last-event-id'];
  return id === undefined ? undefined : Number(id);
}
