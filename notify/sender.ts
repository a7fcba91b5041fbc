import { nameTarget, type Delivered, type SendNotificationInput } from '../contract/notification';
import { type AddressRules } from './addresses';
import { bodyOf } from './body';
import { IS_CLOSED, secretUrlProblem } from './check-targets';
import { ClosedAddressError, post, type PostAnswer } from './post';
import { retryAfterMs } from './retry-after';
import { SecretError, type Secrets } from './secrets';
import { sign } from './signature';

/** Sends notifications, one try at a time. */
export interface Sender {
  /**
   * @param signal aborted where the try shall be given up.
   * @throws {DeliveryError}
   */
  send(input: SendNotificationInput, signal: AbortSignal): Promise<Delivered>;
}

/** Why a notification was not taken. Its message holds no secret, and of an address that is one nothing. */
export class DeliveryError extends Error {
  override readonly name = 'DeliveryError';
  /** True where another try would be answered the same. */
  readonly isFinal: boolean;
  /** How long the receiver asks to be left alone, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, { isFinal = false, retryAfter }: { isFinal?: boolean; retryAfter?: number } = {}) {
    super(message);
    this.isFinal = isFinal;
    this.retryAfterMs = retryAfter;
  }
}

export interface SenderDeps {
  rules: AddressRules;
  secrets: Secrets;
  /** Where people reach the API, without a slash at the end; empty: unknown. */
  publicUrl: string;
  /** Default: 10 s. */
  timeoutMs?: number;
  /** Default: the clock of the machine. */
  now?: () => number;
}

const TIMEOUT_MS = 10_000;

export function createSender(deps: SenderDeps): Sender {
  const { rules, publicUrl, timeoutMs = TIMEOUT_MS, now = Date.now } = deps;
  return {
    send: async (input, signal) => {
      const url = await addressOf(input.target, deps);
      const body = bodyOf(input, publicUrl);
      const headers = await headersOf(input, body, deps.secrets, Math.floor(now() / 1_000));
      const answer = await post({ url, headers, body, rules, timeoutMs, signal }).catch((error: unknown) => {
        throw unsent(error, input.target, timeoutMs);
      });
      return judge(answer, now());
    },
  };
}

async function addressOf({ url, urlSecret }: SendNotificationInput['target'], deps: SenderDeps): Promise<URL> {
  if (url !== undefined) return new URL(url);
  const text = await secretOf(deps.secrets, urlSecret ?? '');
  const problem = secretUrlProblem(text, deps.rules);
  if (problem === undefined) return new URL(text);
  throw new DeliveryError(`what the secret ${urlSecret} holds ${problem}`, { isFinal: true });
}

async function headersOf(
  { notification: { id }, target: { secret } }: SendNotificationInput,
  body: string,
  secrets: Secrets,
  timestamp: number,
): Promise<Record<string, string>> {
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    'user-agent': 'Trainyard',
    'trainyard-id': id,
    'trainyard-timestamp': String(timestamp),
  };
  if (secret === undefined) return headers;
  return { ...headers, 'trainyard-signature': sign(await secretOf(secrets, secret), timestamp, id, body) };
}

async function secretOf(secrets: Secrets, name: string): Promise<string> {
  try {
    return await secrets.read(name);
  } catch (error) {
    throw error instanceof SecretError ? new DeliveryError(error.message, { isFinal: true }) : error;
  }
}

/** Answers of 400 to 499 that say "not now" rather than "not so". */
const PASSING = [408, 425, 429];

function judge({ status, retryAfter }: PostAnswer, nowMs: number): Delivered {
  if (status >= 200 && status < 300) return { status };
  const told = `the receiver answered ${status}`;
  if (status >= 300 && status < 400) {
    throw new DeliveryError(`${told}, a redirect, and those are not followed; write the address that it leads to`, {
      isFinal: true,
    });
  }
  const isFinal = status < 500 && !PASSING.includes(status);
  throw new DeliveryError(told, { isFinal, retryAfter: retryAfterMs(retryAfter, nowMs) });
}

/** What the libraries say may hold the address, which may be a secret: the cause is told by its code. */
function unsent(error: unknown, target: SendNotificationInput['target'], timeoutMs: number): DeliveryError {
  if (error instanceof ClosedAddressError) {
    const host = target.url === undefined ? nameTarget(target) : `"${error.message}"`;
    return new DeliveryError(`${host} ${IS_CLOSED}`, { isFinal: true });
  }
  const { code, name } = error as NodeJS.ErrnoException;
  // The timeout aborts the request, and so does a worker that stops; both are tried again.
  if (name === 'TimeoutError' || code === 'ABORT_ERR') {
    return new DeliveryError(`there was no answer within ${timeoutMs / 1_000} s, or the worker was stopped`);
  }
  return new DeliveryError(`the receiver cannot be reached: ${code ?? name}`);
}
