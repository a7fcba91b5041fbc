import { Type, type Static } from '@sinclair/typebox';

/**
 * Every kind of refusal that the API answers, as RFC 9457 problem details (`application/problem+json`): one closed list with
 * the status and the title of each. The `type` of a problem is `urn:trainyard:problem:<kind>`.
 */
export const PROBLEMS = {
  'invalid-input': { status: 400, title: 'The input is not valid' },
  'malformed-body': { status: 400, title: 'The body cannot be read' },
  'bad-request': { status: 400, title: 'The request cannot be understood' },
  'foreign-host': { status: 403, title: 'The request is for another host' },
  'foreign-origin': { status: 403, title: 'The request comes from another web page' },
  'may-not-submit': { status: 403, title: 'Nothing may be submitted there' },
  'not-found': { status: 404, title: 'There is no such thing' },
  'method-not-allowed': { status: 405, title: 'The method is not allowed here' },
  'already-ended': { status: 409, title: 'The run has ended already' },
  'already-running': { status: 409, title: 'A run of the schedule is going on' },
  'not-repeatable': { status: 409, title: 'The run cannot be repeated' },
  'change-refused': { status: 409, title: 'The run cannot be changed like this' },
  'host-in-use': { status: 409, title: 'The host cannot be removed' },
  'name-taken': { status: 409, title: 'The name is taken' },
  'kept-in-file': { status: 409, title: 'The policy is kept in a file' },
  'log-removed': { status: 410, title: 'The log was removed' },
  'body-too-large': { status: 413, title: 'The body is too large' },
  'unsupported-media-type': { status: 415, title: 'The content type is not supported' },
  'idempotency-key-reused': { status: 422, title: 'The Idempotency-Key was used for another submission' },
  'queue-full': { status: 429, title: 'The queue is full' },
  'upgrade-required': { status: 426, title: 'Only WebSocket connections are answered here' },
  'internal-error': { status: 500, title: 'Trainyard failed' },
  'store-unavailable': { status: 503, title: 'The store does not answer' },
  'temporal-unavailable': { status: 503, title: 'Temporal does not answer' },
  'temporal-not-ready': { status: 503, title: 'Temporal is not set up for Trainyard' },
  'change-unconfirmed': { status: 503, title: 'Nobody has confirmed the change yet' },
  'not-known-yet': { status: 503, title: 'The run cannot be looked at yet' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemKind = keyof typeof PROBLEMS;

const PROBLEM_TYPE_PREFIX = 'urn:trainyard:problem:';

export function problemType(kind: ProblemKind): string {
  return `${PROBLEM_TYPE_PREFIX}${kind}`;
}

/** The kind of a problem that the API answered; undefined for a `type` that is not of this list. */
export function problemKind(type: string): ProblemKind | undefined {
  const kind = type.startsWith(PROBLEM_TYPE_PREFIX) ? type.slice(PROBLEM_TYPE_PREFIX.length) : '';
  return Object.hasOwn(PROBLEMS, kind) ? (kind as ProblemKind) : undefined;
}

export const ProblemSchema = Type.Object(
  {
    type: Type.String({ description: 'Which kind of problem: `urn:trainyard:problem:<kind>`.' }),
    title: Type.String({ description: 'The kind as a sentence; the same for all problems of the kind.' }),
    status: Type.Integer({ description: 'Status code of the answer.' }),
    detail: Type.String({ description: 'What is wrong this time, and what would be right.' }),
    instance: Type.String({ description: 'Path of the request.' }),
    requestId: Type.String({ description: "Finds the request in the API's log; also in the header `x-request-id`." }),
    errors: Type.Optional(
      Type.Array(Type.Object({ path: Type.String(), message: Type.String() }), {
        description: 'Every fault of the input: where, and the mend. An empty path is the whole input.',
      }),
    ),
  },
  {
    title: 'Problem',
    examples: [
      {
        type: 'urn:trainyard:problem:invalid-input',
        title: 'The input is not valid',
        status: 400,
        detail: 'resources.memory: write a size such as "500m" or "4g"',
        instance: '/v1/runs',
        requestId: '0b9f5c3e-7a2d-4c1b-9a53-2f6f0a8a4d11',
        errors: [{ path: 'resources.memory', message: 'write a size such as "500m" or "4g"' }],
      },
    ],
  },
);

export type Problem = Static<typeof ProblemSchema>;
