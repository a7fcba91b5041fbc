import { Agent, type IncomingMessage } from 'node:http';
import { inspect } from 'node:util';

import { KEEP_ALIVE } from './keep-alive';

/** What we know of the request that docker-modem is asked to send. */
export interface DialRequest {
  path: string;
  method: string;
  isStream?: boolean;
  options?: Record<string, unknown>;
  abortSignal?: AbortSignal;
  statusCodes: Record<number, true | string>;
}

/** `dial` of docker-modem, through which dockerode sends all it sends. */
export type Dial = (request: DialRequest, callback: (error: unknown, answer: unknown) => void) => void;

/**
 * A `dial` that always comes back. docker-modem waits for the end of an answer that is not streamed and for nothing else, so
 * a request whose answer breaks off (an engine that is killed while it writes) would never settle. Here every answer is
 * taken as a stream and read in a loop that also sees how it broke off.
 */
export function settlingDial(dial: Dial): Dial {
  return (given, callback) => {
    const request = withPlainSignal(given);
    if (request.isStream) return dial(request, callback);
    return dial({ ...request, isStream: true }, (error, answer) => {
      if (error) return callback(error, null);
      readJson(answer as IncomingMessage).then(
        (body) => callback(null, body),
        (reason: unknown) => callback(reason, null),
      );
    });
  };
}

/** Sends a request and returns its answer unread. */
export function dialStream(dial: Dial, request: DialRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    dial({ ...request, isStream: true }, (error, answer) => {
      if (error) reject(error);
      else resolve(answer as IncomingMessage);
    });
  });
}

/**
 * docker-modem writes every request out with `util.inspect`, to any depth and whether or not its debug log is on. An agent
 * or a signal leads from there to every socket and listener of the process: with a few calls under way that took minutes of
 * CPU. So what it gets of both says nothing of itself.
 */
export function plainAgent(): Agent {
  // A connection per request costs a fraction of a millisecond and cannot be one that an engine has closed since.
  const agent = new Agent({ keepAlive: false });
  const open = agent.createConnection.bind(agent);
  // Its own setting of that name would keep connections for further requests.
  agent.createConnection = (options, onOpen) => open({ ...options, ...KEEP_ALIVE }, onOpen);
  return withoutInspection(agent);
}

function withPlainSignal(request: DialRequest): DialRequest {
  const { abortSignal } = request;
  if (abortSignal === undefined) return request;
  return { ...request, abortSignal: withoutInspection(AbortSignal.any([abortSignal])) };
}

function withoutInspection<T extends object>(object: T): T {
  return Object.defineProperty(object, inspect.custom, { value: () => object.constructor.name });
}

async function readJson(response: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  return text.trim() === '' ? null : JSON.parse(text);
}
