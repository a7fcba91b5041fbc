import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { createLogConnections, type AnswerBody } from '../../docker/log-connection';
import { scratchFolder } from '../helpers/scratch-folder';

const scratch = scratchFolder();
const never = new AbortController().signal;
const HEAD = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
const END = '0\r\n\r\n';

let server: Server;
let connections: ReturnType<typeof createLogConnections>;
let answer: (socket: Socket, request: string) => void;

beforeEach(async () => {
  const socketPath = join(scratch.path, 'engine.sock');
  server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (request) => answer(socket, request.toString()));
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  connections = createLogConnections({ socketPath });
});

afterEach(async () => {
  connections.close();
  await new Promise((resolve) => server.close(resolve));
});

const chunk = (text: string): string => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;

async function readAll(body: AnswerBody): Promise<string[]> {
  const texts: string[] = [];
  for (let bytes = await body.next(); bytes !== null; bytes = await body.next()) texts.push(bytes.toString());
  return texts;
}

test('what is asked is one request, after which the connection ends', async () => {
  let asked = '';
  answer = (socket, request) => {
    asked = request;
    socket.end(HEAD + END);
  };
  expect(await readAll(await connections.open('/some/path?tail=1', never))).toEqual([]);
  expect(asked).toBe('GET /some/path?tail=1 HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n');
});

test('what comes together with the head, and nothing after it for a while, is given out at once', async () => {
  answer = (socket) => void socket.write(HEAD + chunk('first'));
  const body = await connections.open('/', never);
  expect((await body.next())?.toString()).toBe('first');
});

test('what is written in any sizes and at any times comes whole, in pieces that are bounded', async () => {
  const lines = Array.from({ length: 3000 }, (_, index) => `${index} ${'x'.repeat((index * 7919) % 1500)}\n`);
  answer = (socket) => void write(socket);
  const write = async (socket: Socket): Promise<void> => {
    socket.write(HEAD);
    for (const [index, line] of lines.entries()) {
      socket.write(chunk(line));
      // Now at once, now in the next round of the event loop, now after the reader has waited for more.
      if (index % 3 === 0) await new Promise(setImmediate);
      if (index % 50 === 0) await sleep(index % 4);
    }
    socket.end(END);
  };
  const body = await connections.open('/', never);
  const texts: string[] = [];
  for (let bytes = await body.next(); bytes !== null; bytes = await body.next()) {
    texts.push(bytes.toString());
    if (texts.length % 5 === 0) await sleep(texts.length % 4);
  }
  expect(texts.join('')).toBe(lines.join(''));
  expect(Math.max(...texts.map((text) => text.length))).toBeLessThan(2 * 65_536);
});

test('no more is read than was asked for, so a writer waits for its reader', async () => {
  const piece = 'x'.repeat(100_000);
  const pieces = 100;
  let taken = 0;
  answer = (socket) => {
    socket.write(HEAD);
    for (let count = 0; count < pieces; count += 1) socket.write(chunk(piece), () => void (taken += 1));
    socket.end(END);
  };
  const body = await connections.open('/', never);
  const first = await body.next();
  for (let round = 0; round < 100; round += 1) await new Promise(setImmediate);
  // What was asked for, and what the socket between them holds.
  expect(taken).toBeLessThan(10);
  expect(first!.toString() + (await readAll(body)).join('')).toBe(piece.repeat(pieces));
});

test('a refusal is an error with the number and the words of the engine', async () => {
  answer = (socket) => {
    const text = JSON.stringify({ message: 'No such container: some' });
    socket.end(`HTTP/1.1 404 Not Found\r\nContent-Length: ${text.length}\r\n\r\n${text}`);
  };
  await expect(connections.open('/', never)).rejects.toMatchObject({
    statusCode: 404,
    message: 'No such container: some',
  });
});

test.each([
  ['before the head', ''],
  ['in the head', 'HTTP/1.1 200 OK\r\n'],
  ['in the body', HEAD + chunk('some')],
])('an answer that breaks off %s is an error', async (_, text) => {
  answer = (socket) => socket.end(text);
  await expect(connections.open('/', never).then(readAll)).rejects.toMatchObject({ code: 'ECONNRESET' });
});

test('an answer that is none is an error', async () => {
  answer = (socket) => socket.end('220 mail.example.org ESMTP\r\n\r\n');
  await expect(connections.open('/', never)).rejects.toMatchObject({ code: 'HPE_INVALID_CONSTANT' });
});

test.each([
  ['the head', ''],
  ['more of the body', HEAD + chunk('some')],
])('the signal ends a wait for %s, with its reason', async (_, text) => {
  const stop = new AbortController();
  const reason = new Error('enough');
  answer = (socket) => {
    socket.write(text);
    setTimeout(() => stop.abort(reason), 20);
  };
  await expect(connections.open('/', stop.signal).then(readAll)).rejects.toBe(reason);
});

test.each([
  ['the head', ''],
  ['the body', HEAD],
  ['more of the body', HEAD + chunk('some')],
  ['the rest of a refusal', 'HTTP/1.1 500 Oh\r\nContent-Length: 100\r\n\r\n'],
])('a limit of silence ends a wait for %s that never comes', async (_, text) => {
  answer = (socket) => void socket.write(text);
  await expect(connections.open('/', never, 50).then(readAll)).rejects.toMatchObject({ code: 'ETIMEDOUT' });
});

test('an answer without a limit may be silent for longer than others may', async () => {
  let follow: Socket | undefined;
  answer = (socket) => {
    follow ??= socket;
    socket.write(HEAD);
  };
  const body = await connections.open('/', never);
  const next = body.next();
  await expect(connections.open('/', never, 50).then(readAll)).rejects.toMatchObject({ code: 'ETIMEDOUT' });
  follow!.write(chunk('at last'));
  expect((await next)?.toString()).toBe('at last');
});

test('a reader that takes its time, and a process that stands still, are no silence of the engine', async () => {
  answer = (socket) => {
    socket.write(HEAD + chunk('first'));
    setTimeout(() => socket.end(chunk('second') + END), 20);
  };
  const body = await connections.open('/', never, 200);
  expect((await body.next())?.toString()).toBe('first');
  await sleep(300);
  const rest = readAll(body);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
  expect(await rest).toEqual(['second']);
});
