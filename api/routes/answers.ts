import { type TSchema, Type } from '@sinclair/typebox';

import { ProblemSchema } from '../../contract/problem';

const MEANINGS: Record<number, string> = {
  400: 'Something in the request is wrong; `errors` says what and where.',
  403: 'The project or the owner may submit no runs to the pool.',
  404: 'There is no such thing.',
  409: 'It cannot be done as things stand.',
  410: 'The log was kept for as long as it had to be, and is gone.',
  413: 'The body is too large.',
  415: 'The content type of the body is not supported.',
  422: 'The Idempotency-Key was used for another submission.',
  429: 'The queue is full; `Retry-After` says when to try again.',
  426: 'Only WebSocket connections are answered here.',
  500: 'Trainyard failed; its log tells why, under the request id.',
  503: 'Temporal or the store does not answer; `Retry-After` says when to try again.',
};

export type ProblemStatus = 400 | 403 | 404 | 409 | 410 | 413 | 415 | 422 | 426 | 429 | 500 | 503;

/** The problems that a route answers, for its response schemas; 500 can come from each. */
export function problemAnswers<S extends ProblemStatus>(...statuses: S[]): Record<S | 500, TSchema> {
  const answers = [...statuses, 500].map((status) => [status, problemAnswer(MEANINGS[status]!)]);
  return Object.fromEntries(answers) as Record<S | 500, TSchema>;
}

function problemAnswer(description: string): TSchema {
  return Type.Unsafe<unknown>({
    description,
    content: { 'application/problem+json': { schema: ProblemSchema } },
  });
}

/** A schema with the words that its answer has in the description of the API. */
export function answer<T extends TSchema>(schema: T, description: string): T {
  return { ...schema, description };
}

/** Keyword under which a body's schema is only described; see {@link describedBody}. */
export const DESCRIBED_BODY = 'x-described-body';

/**
 * A body that the description of the API shows and that a service checks: the general check knows neither recipes nor the
 * mends, and would have the first word.
 */
export function describedBody(schema: TSchema): TSchema {
  return Type.Unsafe<unknown>({ [DESCRIBED_BODY]: schema });
}

export const RunIdParamsSchema = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 512, description: 'Id of a run.' }),
});

export const IdempotencyHeadersSchema = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      pattern: '^[\\x20-\\x7e]{1,255}$',
      description:
        'Makes it safe to send the request again: the same key gives the same run. 1 to 255 printable characters, chosen by the caller.',
    }),
  ),
});

/** Headers of the answer to a submission. */
export function submissionHeaders(location: string, replayed: boolean): Record<string, string> {
  return { location, ...(replayed ? { 'idempotency-replayed': 'true' } : {}) };
}
