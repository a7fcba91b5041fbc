import { lookup as resolveName, type LookupAddress } from 'node:dns';
import { request as requestHttp, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';

import { timeLimit } from '../contract/time-limit';
import { hostOf, type AddressRules } from './addresses';

export interface PostOptions {
  url: URL;
  headers: Record<string, string>;
  body: string;
  rules: AddressRules;
  /** Of the whole exchange. */
  timeoutMs: number;
  /** Aborted where nobody waits for the answer any more. */
  signal: AbortSignal;
}

export interface PostAnswer {
  status: number;
  retryAfter: string | undefined;
}

/** The address that a host stands for may not be connected to. */
export class ClosedAddressError extends Error {
  override readonly name = 'ClosedAddressError';
}

/** Nobody looks at what a receiver writes; this much of it is taken so that it can finish. */
const ANSWER_LIMIT_BYTES = 65_536;

/**
 * Sends a body by POST, over a connection of its own, and returns the status of the answer. Redirects are not followed. The
 * address is checked where it is connected to: of a name, only the addresses that pass are handed to the connection, and
 * nothing looks the name up again.
 *
 * @throws {ClosedAddressError} before anything is sent; what node throws where nobody answers.
 */
export async function post({ url, headers, body, rules, timeoutMs, signal }: PostOptions): Promise<PostAnswer> {
  const host = hostOf(url.hostname);
  // An address in figures is connected to without any lookup.
  if (isIP(host) !== 0 && !rules.allows(host, host)) throw new ClosedAddressError(host);
  const options: RequestOptions = {
    method: 'POST',
    headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
    // None that an earlier notification has left open, to an address that was another's to check.
    agent: false,
    lookup: guardedLookup(rules),
    signal: AbortSignal.any([signal, timeLimit(timeoutMs)]),
  };
  return new Promise((resolve, reject) => {
    let known: PostAnswer | undefined;
    const request = (url.protocol === 'https:' ? requestHttps : requestHttp)(url, options, (answer) => {
      const { statusCode = 0, headers: answered } = answer;
      const answerOf = { status: statusCode, retryAfter: answered['retry-after'] };
      known = answerOf;
      drain(answer, () => resolve(answerOf));
    });
    // Once the status is known, whatever becomes of the rest changes nothing.
    request.on('error', (error) => (known === undefined ? reject(error) : resolve(known)));
    request.end(body);
  });
}

/** Reads an answer to its end, or to the limit. */
function drain(answer: IncomingMessage, done: () => void): void {
  let bytes = 0;
  answer.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > ANSWER_LIMIT_BYTES) answer.destroy();
  });
  answer.on('error', done);
  answer.on('close', done);
}

/** Looks names up as the machine does, and leaves out what may not be connected to. */
function guardedLookup(rules: AddressRules): LookupFunction {
  return (hostname, options, callback) => {
    resolveName(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, '', 0);
      const open = addresses.filter(({ address }) => rules.allows(address, hostOf(hostname)));
      const [first] = open;
      if (first === undefined) return callback(new ClosedAddressError(hostOf(hostname)), '', 0);
      return answerLookup(options.all === true, open, first, callback);
    });
  };
}

function answerLookup(
  all: boolean,
  open: LookupAddress[],
  first: LookupAddress,
  callback: Parameters<LookupFunction>[2],
): void {
  if (all) callback(null, open);
  else callback(null, first.address, first.family);
}
