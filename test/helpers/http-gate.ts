import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Stands before a server on a unix socket and passes requests on, each after a test had its turn. */
export interface HttpGate {
  socket: string;
  /** `turn` is waited for before a request goes on; what it throws is answered with 502. */
  before(turn: (method: string, path: string) => Promise<void>): void;
  stop(): Promise<void>;
}

export async function startHttpGate(target: string): Promise<HttpGate> {
  const folder = await mkdtemp(join(tmpdir(), 'trainyard-gate-'));
  const socket = join(folder, 'gate.sock');
  let turn: (method: string, path: string) => Promise<void> = async () => {};
  const server = createServer((incoming, answer) => {
    turn(incoming.method ?? '', incoming.url ?? '').then(
      () => passOn(target, incoming, answer),
      (error: unknown) => answer.writeHead(502).end(String(error)),
    );
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  return {
    socket,
    before: (next) => {
      turn = next;
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true });
    },
  };
}

function passOn(target: string, incoming: IncomingMessage, answer: ServerResponse): void {
  const { method, url: path, headers } = incoming;
  const outgoing = request({ socketPath: target, method, path, headers }, (response) => {
    answer.writeHead(response.statusCode ?? 502, response.headers);
    answer.flushHeaders();
    response.pipe(answer);
    response.on('error', () => answer.destroy());
  });
  outgoing.on('error', () => answer.destroy());
  answer.on('close', () => outgoing.destroy());
  incoming.pipe(outgoing);
}
