import type { Fault } from '../contract/fault';
import { ProblemError, ServerUnreachableError } from './errors';

/** The HTTP API, as the commands use it. Every call may fail with `ProblemError` or `ServerUnreachableError`. */
export interface ApiClient {
  readonly url: string;
  get<T>(path: string, query?: Query): Promise<T>;
  send<T>(
    method: 'POST' | 'PUT' | 'DELETE' | 'PATCH',
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<T>;
  /**
   * The documents of an NDJSON answer, one by one as they come. Ends when the server ends it; fails when it is lost.
   *
   * @param opened told when the head of the answer is there.
   */
  stream<T>(path: string, query: Query, signal: AbortSignal, opened?: (head: Headers) => void): AsyncIterable<T>;
}

export type Query = Record<string, string | number | boolean | readonly string[] | undefined>;

const ANSWER_WITHIN_MS = 30_000;
const JSON_TYPE = 'application/json';
const NDJSON_TYPE = 'application/x-ndjson';

export function createApiClient(serverUrl: string): ApiClient {
  const url = serverUrl.replace(/\/+$/, '');
  return {
    url,
    get: (path, query = {}) => askDocument(`${url}${path}${queryString(query)}`, { headers: { accept: JSON_TYPE } }),
    send: (method, path, body, headers = {}) => {
      const withBody: Record<string, string> = body === undefined ? {} : { 'content-type': JSON_TYPE };
      return askDocument(`${url}${path}`, {
        method,
        headers: { accept: JSON_TYPE, ...withBody, ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    },
    stream: (path, query, signal, opened) => askStream(`${url}${path}${queryString(query)}`, signal, opened),
  };
}

async function ask(address: string, init: RequestInit): Promise<Response> {
  const response = await fetch(address, init).catch((error: unknown) => lost(address, error));
  if (!response.ok) throw await problemOf(response);
  return response;
}

async function askDocument<T>(address: string, init: RequestInit): Promise<T> {
  const response = await ask(address, { ...init, signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
  const text = await response.text().catch((error: unknown) => lost(address, error));
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

async function* askStream<T>(address: string, signal: AbortSignal, opened?: (head: Headers) => void): AsyncIterable<T> {
  const response = await ask(address, { headers: { accept: NDJSON_TYPE }, signal });
  opened?.(response.headers);
  const lines = linesOf(response);
  for (;;) {
    const next = await lines.next().catch((error: unknown) => lost(address, error));
    if (next.done) return;
    if (next.value.trim() !== '') yield JSON.parse(next.value) as T;
  }
}

function lost(address: string, error: unknown): never {
  throw new ServerUnreachableError(new URL(address).origin, error);
}

async function* linesOf(response: Response): AsyncGenerator<string, void, undefined> {
  if (!response.body) return;
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  // What comes after the last line's end was cut off; the reader asks for it again.
}

function queryString(query: Query): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) params.append(key, String(one));
  }
  const text = params.toString();
  return text === '' ? '' : `?${text}`;
}

interface ProblemBody {
  title?: string;
  detail?: string;
  errors?: Fault[];
}

async function problemOf(response: Response): Promise<ProblemError> {
  const body = (await response.json().catch(() => ({}))) as ProblemBody;
  const faults = body.errors ?? [];
  const title = body.detail ?? body.title ?? `The server answered ${response.status} ${response.statusText}.`;
  // The detail of a refused input repeats its faults, which follow on lines of their own.
  return new ProblemError(response.status, faults.length > 0 && body.title ? body.title : title, faults);
}
