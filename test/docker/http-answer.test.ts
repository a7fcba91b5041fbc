import fc from 'fast-check';

import { createAnswerParser } from '../../docker/http-answer';

const CHUNKED = 'HTTP/1.1 200 OK\r\nApi-Version: 1.45\r\nTransfer-Encoding: chunked\r\n\r\n';

function chunked(...data: readonly Buffer[]): Buffer {
  const chunks = data.flatMap((bytes) => [Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
  return Buffer.concat([Buffer.from(CHUNKED), ...chunks, Buffer.from('0\r\n\r\n')]);
}

/** What is body in an answer that comes cut at these places. */
function bodyOf(answer: Buffer, cuts: readonly number[] = []): { body: string; isDone: boolean; status: unknown } {
  const parser = createAnswerParser();
  const places = [0, ...cuts.toSorted((one, other) => one - other), answer.length];
  const parts = places.slice(1).map((end, index) => Buffer.from(parser.push(answer.subarray(places[index], end))));
  return { body: Buffer.concat(parts).toString('latin1'), isDone: parser.isDone, status: parser.head?.statusCode };
}

test('the chunks of an answer become one run of bytes, wherever the answer is cut', () => {
  const data = fc.array(
    fc.uint8Array({ minLength: 1, maxLength: 600 }).map((bytes) => Buffer.from(bytes)),
    {
      maxLength: 8,
    },
  );
  fc.assert(
    fc.property(data, fc.array(fc.nat(3000), { maxLength: 20 }), (chunks, cuts) => {
      const answer = chunked(...chunks);
      const within = cuts.filter((cut) => cut <= answer.length);
      const body = Buffer.concat(chunks).toString('latin1');
      expect(bodyOf(answer, within)).toEqual({ body, isDone: true, status: 200 });
    }),
  );
});

test.each([
  [
    'sizes in large letters, with zeros before them and something after',
    `${CHUNKED}000A;x="y"\r\n0123456789\r\n0\r\n\r\n`,
    '0123456789',
  ],
  ['lines after the last chunk', `${CHUNKED}1\r\nx\r\n0\r\nTrailer: x\r\n\r\n`, 'x'],
  ['a length instead of chunks', 'HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nabc', 'abc'],
  ['no body', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', ''],
])('an answer may have %s', (_, answer, body) => {
  for (let cut = 0; cut <= answer.length; cut += 1) {
    expect(bodyOf(Buffer.from(answer), [cut])).toMatchObject({ body, isDone: true });
  }
});

test('a body without length or chunks ends with its connection', () => {
  const parser = createAnswerParser();
  expect(parser.push(Buffer.from('HTTP/1.1 200 OK\r\n\r\nabc')).toString()).toBe('abc');
  expect(parser.isDone).toBe(false);
  parser.end();
  expect(parser.isDone).toBe(true);
});

test('a connection that ends anywhere before the end of its answer has broken off', () => {
  const answer = chunked(Buffer.from('some'), Buffer.from('data'));
  for (let length = 0; length < answer.length; length += 1) {
    const parser = createAnswerParser();
    parser.push(answer.subarray(0, length));
    expect(() => parser.end()).toThrow(expect.objectContaining({ code: 'ECONNRESET' }));
  }
});

test.each([
  ['another protocol', 'SSH-2.0-OpenSSH_9.6\r\n\r\n'],
  ['no number', 'HTTP/1.1 OK\r\n\r\n'],
  ['no size', `${CHUNKED}\r\n`],
  ['a size that is none', `${CHUNKED}xyz\r\n`],
  ['a size beyond all numbers', `${CHUNKED}ffffffffffffffff\r\n`],
  ['a chunk that is longer than its size', `${CHUNKED}2\r\nabc\r\n`],
  ['a length that is none', 'HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n'],
  ['a head without end', `HTTP/1.1 200 OK\r\n${'x'.repeat(70_000)}`],
])('%s is refused with a code of no HTTP', (_, answer) => {
  expect(() => createAnswerParser().push(Buffer.from(answer))).toThrow(
    expect.objectContaining({ code: expect.stringMatching(/^HPE_/) as unknown }),
  );
});
