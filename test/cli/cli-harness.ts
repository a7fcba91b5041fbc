import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { runProgram } from '../../cli/run-program';
import type { Run } from '../../contract/run';
import { PLAIN_CAPACITY } from '../../contract/run-capacity';

export interface CliResult {
  code: number;
  out: string;
  err: string;
}

export interface CliRun {
  /** Presses Ctrl-C. */
  interrupt(): void;
  /** What was written so far. */
  readonly soFar: CliResult;
  result: Promise<CliResult>;
}

/** `trainyard` with these arguments, in this process; `columns` is the width of its terminal, if it has one. */
export function startCli(args: readonly string[], { columns = null as number | null, input = '' } = {}): CliRun {
  const soFar: CliResult = { code: 0, out: '', err: '' };
  const interrupt = new AbortController();
  const io = {
    out: (text: string) => void (soFar.out += text),
    err: (text: string) => void (soFar.err += text),
    draw: (text: string) => void (soFar.err += text),
    isTerminal: columns !== null,
    liveColumns: () => columns,
    colors: false,
    errColors: false,
    readInput: async () => input,
    interrupted: interrupt.signal,
    catchInterrupt: () => undefined,
  };
  const result = runProgram(args, { io, env: { USER: 'tester' }, version: '1.2.3' }).then((code) => ({
    ...soFar,
    code,
  }));
  return { interrupt: () => interrupt.abort(), soFar, result };
}

export function cli(args: readonly string[], options: { columns?: number; input?: string } = {}): Promise<CliResult> {
  return startCli(args, options).result;
}

export type Handler = (request: IncomingMessage & { body: string }, response: ServerResponse) => void | Promise<void>;

export interface TestServer {
  url: string;
  /** `POST /v1/runs` and so on, in the order in which they came. */
  requests: string[];
  stop(): Promise<void>;
  restart(): Promise<void>;
}

/** A server whose answers the test decides; it can go away and come back on its port. */
export async function startServer(handler: Handler): Promise<TestServer> {
  const requests: string[] = [];
  const listen = async (port: number): Promise<Server> => {
    const server = createServer((request, response) => {
      requests.push(`${request.method} ${request.url}`);
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on(
        'end',
        () => void handler(Object.assign(request, { body: Buffer.concat(chunks).toString() }), response),
      );
    }).listen(port, '127.0.0.1');
    await once(server, 'listening');
    return server;
  };
  const close = async (server: Server): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  let current = await listen(0);
  const { port } = current.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    stop: () => close(current),
    restart: async () => {
      current = await listen(port);
    },
  };
}

export function sendJson(response: ServerResponse, document: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(document));
}

export function sampleRun(overrides: Partial<Run> = {}): Run {
  return {
    id: 'digits-abc',
    name: 'digits',
    state: 'running',
    reason: null,
    message: null,
    attempt: 1,
    host: 'here',
    exitCode: null,
    createdAt: '2026-01-01T00:00:00.000Z',
    startedAt: '2026-01-01T00:00:01.000Z',
    endedAt: null,
    image: 'trainyard/digits:1',
    imageDigest: null,
    recipe: 'digits',
    schedule: null,
    rerunOf: null,
    ...PLAIN_CAPACITY,
    gangOf: null,
    rank: null,
    policy: null,
    firstFailure: null,
    labels: {},
    params: { epochs: 3 },
    ...overrides,
  };
}

export function logLine(number: number, text: string): string {
  const time = `2026-01-01T00:00:0${number}.000000000Z`;
  return `${JSON.stringify({ number, time, attempt: 1, stream: 'stdout', text })}\n`;
}
