import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { createAsker } from '../../chaos/clients/ask';
import { followLog } from '../../chaos/clients/follow-log';
import { unfold } from '../../chaos/padding';
import { longLine } from './sample-facts';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

let server: Server;
let url: string;
/** What the server does with each request, one after the other; the last one stays. */
let handlers: Handler[];
let requests: IncomingMessage[];

beforeEach(async () => {
  requests = [];
  server = createServer((request, response) => {
    requests.push(request);
    (handlers.length > 1 ? handlers.shift()! : handlers[0]!)(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const status =
  (code: number): Handler =>
  (_, response) =>
    void response.writeHead(code).end(`${code}`);
const cutOff: Handler = (request) => void request.socket.destroy();

describe('a client of chaos', () => {
  const complaints: string[] = [];
  const ask = () => createAsker(url, (sentence) => complaints.push(sentence), new AbortController().signal).ask('/v1');

  beforeEach(() => void complaints.splice(0));

  it('asks again while nobody answers, or is told to come back', async () => {
    handlers = [cutOff, status(503), status(429), status(202)];

    expect(await ask()).toEqual({ status: 202, body: '202' });
    expect(requests).toHaveLength(4);
    expect(complaints).toEqual([]);
  });

  it('complains of an answer that must not be, and asks again', async () => {
    handlers = [status(500), status(200)];

    expect(await ask()).toMatchObject({ status: 200 });
    expect(complaints).toEqual(['GET /v1 was answered 500: 500']);
  });

  it('takes a refusal for an answer', async () => {
    handlers = [status(404)];

    expect(await ask()).toMatchObject({ status: 404 });
  });
});

describe('a follower', () => {
  const line = (id: number) =>
    `id: ${id}\ndata: ${JSON.stringify({ number: id, time: 'T', attempt: 1, stream: 'stdout', text: `line ${id}` })}\n\n`;
  const events =
    (...blocks: string[]): Handler =>
    (_, response) =>
      void response.writeHead(200).write(`retry: 10\n\n: still here\n\n${blocks.join('')}`, () => response.destroy());

  it('goes on after a loss from the last line that came, until it is told of the end', async () => {
    const half = line(3).slice(0, 20);
    handlers = [cutOff, events(line(1), line(2), half), events(line(3), 'id: 3\nevent: end\ndata: {}\n\n')];

    const follower = followLog(url, 'run-1');
    await follower.ended;

    expect(follower.lines.map(({ text }) => text)).toEqual(['line 1', 'line 2', 'line 3']);
    expect(follower.sawEnd()).toBe(true);
    expect(requests.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, undefined, '2']);
  });

  it('goes on from where it was told that it stands, before a line has come', async () => {
    handlers = [events('id: 4\n\n'), events(': still here\nid: 6\n\n'), events(line(7), 'event: end\ndata: {}\n\n')];

    const follower = followLog(url, 'run-1');
    await follower.ended;

    expect(follower.lines.map(({ text }) => text)).toEqual(['line 7']);
    expect(requests.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, '4', '6']);
  });

  it('gets a long line whole, and keeps it folded', async () => {
    const text = longLine(5, 3_600);
    const long = `id: 1\ndata: ${JSON.stringify({ attempt: 1, stream: 'stdout', text: unfold(text) })}\n\n`;
    handlers = [events(long.slice(0, 50_000)), events(long, 'id: 1\nevent: end\ndata: {}\n\n')];

    const follower = followLog(url, 'run-1');
    await follower.ended;

    expect(follower.lines).toEqual([{ attempt: 1, stream: 'stdout', text }]);
  });

  it('has all where the API says that there is no more', async () => {
    handlers = [events(line(1)), status(204)];

    const follower = followLog(url, 'run-1');
    await follower.ended;

    expect(follower.lines).toHaveLength(1);
    expect(follower.sawEnd()).toBe(true);
  });

  it('can be told to stop, and knows that it saw no end', async () => {
    handlers = [events(line(1))];

    const follower = followLog(url, 'run-1');
    follower.stop();
    await follower.ended;

    expect(follower.sawEnd()).toBe(false);
  });
});
