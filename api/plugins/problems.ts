import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import fastifyPlugin from 'fastify-plugin';

import { InvalidInputError } from '../../contract/fault';
import { type Problem, PROBLEMS, problemType } from '../../contract/problem';
import { InvalidCursorError } from '../../store/run-store';
import { invalidInput, ProblemError } from '../problem-error';
import { faultsOfSchema } from './schema-faults';

/** Answers every error as a problem. What a client cannot mend is logged whole and told by its request id only. */
export const problems = fastifyPlugin(
  async (app: FastifyInstance) => {
    app.setErrorHandler(answerError);
    const allowedMethods = watchMethods(app);
    app.setNotFoundHandler(async (request, reply) => {
      const allowed = allowedMethods(request.url.split('?')[0]!);
      throwIfOtherMethod(request, reply, allowed);
      const detail = `There is no ${request.url.split('?')[0]}; the routes are listed at /docs.`;
      throw new ProblemError('not-found', detail);
    });
  },
  { name: 'problems' },
);

/** Also for errors that come before routing, such as a URL that cannot be decoded. */
export function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = toProblem(error, reply);
  if (problem.kind === 'internal-error') request.log.error({ err: error }, 'request failed');
  else if (problem.status >= 500) request.log.warn({ err: error }, 'request could not be answered');
  return reply
    .code(problem.status)
    .headers({ ...problem.headers, 'x-request-id': request.id })
    .type('application/problem+json; charset=utf-8')
    .send(JSON.stringify(bodyOf(problem, request)));
}

function bodyOf(problem: ProblemError, request: FastifyRequest): Problem {
  return {
    type: problemType(problem.kind),
    title: PROBLEMS[problem.kind].title,
    status: problem.status,
    detail: problem.message,
    instance: request.url.split('?')[0]!,
    requestId: request.id,
    ...(problem.faults.length > 0 ? { errors: [...problem.faults] } : {}),
  };
}

function toProblem(error: unknown, reply: FastifyReply): ProblemError {
  if (error instanceof ProblemError) return error;
  if (error instanceof InvalidInputError) return invalidInput(error.faults);
  if (error instanceof InvalidCursorError) {
    return invalidInput([{ path: 'cursor', message: 'is none that a list gave; leave it out to start from the top' }]);
  }
  if (isStoreError(error)) {
    const detail = 'The store does not answer; the log of the API tells why, under the request id.';
    return new ProblemError('store-unavailable', detail, { headers: { 'retry-after': '5' }, cause: error });
  }
  const { code, validation, validationContext, statusCode, message } = error as FastifyError;
  if (validation) return invalidInput(faultsOfSchema(validation, validationContext ?? 'request'));
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    const limitBytes = reply.server.initialConfig.bodyLimit;
    const detail = `The body is larger than ${limitBytes} bytes; keep data in files or an image, and name them.`;
    return new ProblemError('body-too-large', detail);
  }
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return unsupportedMediaType(reply);
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return new ProblemError('bad-request', message);
  return new ProblemError('internal-error', 'Trainyard failed; its log tells why, under the request id.', {
    cause: error,
  });
}

function unsupportedMediaType({ request }: FastifyReply): ProblemError {
  const sent = request.headers['content-type'];
  const detail = `${sent === undefined ? 'The body has no content type' : `The content type "${sent}" is not supported`}; send the body with the header "content-type: application/json" or "content-type: application/yaml".`;
  return new ProblemError('unsupported-media-type', detail, {
    headers: { 'accept-post': 'application/json, application/yaml' },
  });
}

function throwIfOtherMethod(request: FastifyRequest, reply: FastifyReply, allowed: string[]): void {
  if (allowed.length === 0) return;
  reply.header('allow', allowed.join(', '));
  throw new ProblemError('method-not-allowed', `${request.method} is not done here; use ${allowed.join(' or ')}.`);
}

/** Keeps the methods of each route, to tell a path that there is not from a method that it does not take. */
function watchMethods(app: FastifyInstance): (path: string) => string[] {
  const routes: { pattern: RegExp; methods: string[] }[] = [];
  app.addHook('onRoute', ({ url, method }) => {
    const pattern = new RegExp(`^${url.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/:\w+/g, '[^/]+')}/?$`);
    routes.push({ pattern, methods: [method].flat() });
  });
  return (path) => [...new Set(routes.filter(({ pattern }) => pattern.test(path)).flatMap(({ methods }) => methods))];
}

/** By its name: which store there is, is not known here. */
function isStoreError(error: unknown): boolean {
  return error instanceof Error && 'problem' in error && 'mend' in error;
}
