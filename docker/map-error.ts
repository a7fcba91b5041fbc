import { isNativeError } from 'node:util/types';

import {
  CommandNotRunnableError,
  DiskFullError,
  EngineError,
  EngineUnavailableError,
  ImageAccessDeniedError,
  ImageNotFoundError,
  ImageRemovedError,
  ImageUnusableError,
  NotFoundError,
  PullSilentError,
  RegistryUnavailableError,
} from './errors';

/** What was asked of the engine; the same words mean different things in a pull, at a start and elsewhere. */
export type EngineOperation = 'pull' | 'create' | 'start' | 'other';

/**
 * Translates whatever dockerode, docker-modem, a socket or the engine itself fails with into the errors of docker/errors.
 * What is none of these, above all a fault of our own code, comes back as it is.
 *
 * @param dockerHost is named in the message where the engine does not answer.
 */
export function mapError(error: unknown, operation: EngineOperation, dockerHost: string): unknown {
  if (!isNativeError(error) || isMapped(error)) return error;
  const { statusCode } = error as { statusCode?: unknown };
  if (typeof statusCode !== 'number') return mapSocketError(error, dockerHost);
  const message = messageOfEngine(error.message);
  if (statusCode >= 502 && statusCode <= 504) return unavailable(message, dockerHost, error);
  return mapMessage(message, operation, statusCode, error);
}

/** Translates an error that the engine tells inside the progress of a pull. */
export function mapPullMessage(message: string): Error {
  return mapMessage(message, 'pull', undefined, undefined);
}

const MAPPED = [
  CommandNotRunnableError,
  DiskFullError,
  EngineError,
  EngineUnavailableError,
  ImageAccessDeniedError,
  ImageNotFoundError,
  ImageRemovedError,
  ImageUnusableError,
  NotFoundError,
  PullSilentError,
  RegistryUnavailableError,
];

function isMapped(error: Error): boolean {
  return MAPPED.some((type) => error instanceof type);
}

/** What each code of a socket means for a person. Any of them means that the engine did not answer. */
const SOCKET_CODES: Record<string, string> = {
  ENOENT: 'there is no such socket; is the engine started?',
  ENOTSOCK: 'this is no socket',
  ECONNREFUSED: 'nobody listens there; is the engine started?',
  EACCES: 'this user is not allowed to use it',
  EPERM: 'this user is not allowed to use it',
  ECONNRESET: 'the connection broke off',
  EPIPE: 'the connection broke off',
  ERR_STREAM_PREMATURE_CLOSE: 'the connection broke off',
  ETIMEDOUT: 'the host does not answer',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ENOTFOUND: 'the name of the host is not known',
  EAI_AGAIN: 'the name of the host could not be looked up',
  EMFILE: 'this process has no file descriptor left',
};

function mapSocketError(error: Error, dockerHost: string): Error {
  const { code } = error as { code?: unknown };
  const meaning = typeof code === 'string' ? SOCKET_CODES[code] : undefined;
  // Node's HTTP parser: an answer that is cut or is none.
  const unreadable = typeof code === 'string' && code.startsWith('HPE_') ? 'its answer is no HTTP' : undefined;
  const detail = meaning ?? unreadable;
  return detail === undefined ? error : unavailable(`${detail} (${error.message})`, dockerHost, error);
}

function unavailable(detail: string, dockerHost: string, cause: Error): EngineUnavailableError {
  return new EngineUnavailableError(`the Docker Engine at ${dockerHost} does not answer: ${detail}`, { cause });
}

type ErrorConstructor = new (message: string, options?: ErrorOptions) => Error;

const NO_SPACE = /no space left on device|disk quota exceeded/i;

/** First match wins. The texts are the engine's and the registry's own; they have no codes that would say as much. */
const PULL_MESSAGES: readonly [RegExp, ErrorConstructor][] = [
  [NO_SPACE, DiskFullError],
  // What is unpacked has come whole: its digest was checked.
  [/failed to register layer/i, ImageUnusableError],
  // One text for both cases, so that strangers cannot find out what exists.
  [/pull access denied|repository does not exist/i, ImageNotFoundError],
  [
    /no basic auth credentials|unauthorized|authentication required|incorrect username or password/i,
    ImageAccessDeniedError,
  ],
  [/\bdenied\b|\bforbidden\b/i, ImageAccessDeniedError],
  [
    /no matching manifest for|cannot be used on this platform|does not match the (specified|expected) platform/i,
    ImageUnusableError,
  ],
  [
    /unsupported (manifest )?media ?type|schema version 1|blob unknown|unknown blob|encountered remote "/i,
    ImageUnusableError,
  ],
  [/manifest unknown|manifest for .+ not found|name unknown|no such image/i, ImageNotFoundError],
  [/toomanyrequests|too many requests|rate limit/i, RegistryUnavailableError],
  [
    /dial tcp|connection refused|connection reset|no route to host|no such host|network is unreachable/i,
    RegistryUnavailableError,
  ],
  [/i\/o timeout|tls handshake|x509|deadline exceeded|request canceled|timeout/i, RegistryUnavailableError],
  [
    /\bEOF\b|broken pipe|server gave HTTP response|unexpected (HTTP )?status|error parsing HTTP/i,
    RegistryUnavailableError,
  ],
  [/verification failed|digest mismatch|failed precondition|unexpected commit size/i, RegistryUnavailableError],
  [/received unexpected|service unavailable|bad gateway|internal server error/i, RegistryUnavailableError],
  [/: not found$/i, ImageNotFoundError],
];

/** Only what lies in the command itself; a missing mount or device fails in other words. */
const START_MESSAGES: readonly [RegExp, ErrorConstructor][] = [
  [NO_SPACE, DiskFullError],
  [
    /exec: .*(executable file not found|no such file or directory|permission denied|is a directory)/i,
    CommandNotRunnableError,
  ],
  [/exec format error/i, CommandNotRunnableError],
];

const OTHER_MESSAGES: readonly [RegExp, ErrorConstructor][] = [
  [NO_SPACE, DiskFullError],
  [/no such (container|image)|marked for removal/i, NotFoundError],
];

const MESSAGES: Record<EngineOperation, readonly [RegExp, ErrorConstructor][]> = {
  pull: PULL_MESSAGES,
  create: [[/no such image/i, ImageRemovedError], ...OTHER_MESSAGES],
  start: [...START_MESSAGES, ...OTHER_MESSAGES],
  other: OTHER_MESSAGES,
};

function mapMessage(
  message: string,
  operation: EngineOperation,
  statusCode: number | undefined,
  cause: Error | undefined,
): Error {
  const [, type] = MESSAGES[operation].find(([pattern]) => pattern.test(message)) ?? [];
  return type ? new type(message, { cause }) : new EngineError(message, statusCode, { cause });
}

/** docker-modem wraps the text of the engine: `(HTTP code 404) no such container - <text> `. */
function messageOfEngine(message: string): string {
  return /^\(HTTP code \d+\) .*? - (.*?)\s*$/s.exec(message)?.[1] ?? message;
}
