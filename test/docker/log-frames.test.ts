import fc from 'fast-check';

import type { LogRecord } from '../../docker/engine';
import { EngineError, EngineUnavailableError } from '../../docker/errors';
import { createFrameParser } from '../../docker/log-frames';

const TIME = '2026-01-02T03:04:05.678901234Z';

test('a frame is one record, with its time, its stream and its bytes without the end of the line', () => {
  const parser = createFrameParser();
  expect(texts(parser.push(frame('stdout', `${TIME} hello\n`)))).toEqual([
    { time: TIME, stream: 'stdout', text: 'hello', complete: true },
  ]);
  expect(texts(parser.push(frame('stderr', `${TIME} oh no\n`)))).toEqual([
    { time: TIME, stream: 'stderr', text: 'oh no', complete: true },
  ]);
});

test.each([
  ['an empty line', '\n', '', true],
  ['a carriage return, which is part of the line', '50%\r\n', '50%\r', true],
  ['a piece of a long line', 'no end', 'no end', false],
  ['an empty piece', '', '', false],
  ['spaces at both ends', '  x  \n', '  x  ', true],
  ['newlines inside, of which only the last is the end', 'a\n\n', 'a\n', true],
])('a record can be %s', (_, payload, text, complete) => {
  const [record] = texts(createFrameParser().push(frame('stdout', `${TIME} ${payload}`)));
  expect(record).toEqual({ time: TIME, stream: 'stdout', text, complete });
});

test('bytes that are no UTF-8 come through as they are', () => {
  const bytes = Buffer.from([0xff, 0x00, 0xc3, 0x28, 0x20]);
  const [record] = createFrameParser().push(
    frame('stdout', Buffer.concat([Buffer.from(`${TIME} `), bytes, Buffer.from('\n')])),
  );
  expect(record?.data.equals(bytes)).toBe(true);
});

test.each([
  ['2026-01-02T03:04:05Z', '2026-01-02T03:04:05.000000000Z'],
  ['2026-01-02T03:04:05.1Z', '2026-01-02T03:04:05.100000000Z'],
  ['2026-01-02T03:04:05.00000001+02:00', '2026-01-02T01:04:05.000000010Z'],
  ['2026-01-02T03:04:05Z the_space', '2026-01-02T03:04:05.000000000Z'],
])('the time %s is normalised to nine digits in UTC', (written, normal) => {
  expect(createFrameParser().push(frame('stdout', `${written} x\n`))[0]?.time).toBe(normal);
});

test('records come out the same at whichever byte the stream is cut', () => {
  const stream = Buffer.concat([
    frame('stdout', `${TIME} first\n`),
    frame('stderr', `${TIME} \n`),
    frame('stdout', `${TIME} gr\u00fc\u00df dich`),
  ]);
  const whole = texts(createFrameParser().push(stream));
  expect(whole).toHaveLength(3);
  for (let cut = 0; cut <= stream.length; cut++) {
    const parser = createFrameParser();
    const records = [...parser.push(stream.subarray(0, cut)), ...parser.push(stream.subarray(cut))];
    expect(texts(records)).toEqual(whole);
    expect(() => parser.end()).not.toThrow();
  }
});

test('any records in any chunks come out as they went in', () => {
  const record = fc.record({
    stream: fc.constantFrom('stdout' as const, 'stderr' as const),
    data: fc.uint8Array({ maxLength: 300 }),
    complete: fc.boolean(),
  });
  const cuts = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1 });
  fc.assert(
    fc.property(fc.array(record, { maxLength: 30 }), cuts, (records, sizes) => {
      // An incomplete record that ends in a newline cannot be told from a complete one, and no engine sends it.
      const sent = records.filter(({ data, complete }) => complete || data.at(-1) !== 0x0a);
      const stream = Buffer.concat(
        sent.map(({ stream: name, data, complete }) =>
          frame(name, Buffer.concat([Buffer.from(`${TIME} `), data, Buffer.from(complete ? '\n' : '')])),
        ),
      );
      const parser = createFrameParser();
      const received = chunksOf(stream, sizes).flatMap((chunk) => parser.push(chunk));
      expect(received.map(({ stream: name, data, complete }) => ({ stream: name, data: [...data], complete }))).toEqual(
        sent.map(({ stream: name, data, complete }) => ({ stream: name, data: [...data], complete })),
      );
      expect(() => parser.end()).not.toThrow();
    }),
  );
});

test('a hundred thousand tiny frames in one chunk come out whole and in order', () => {
  const count = 100_000;
  const stream = Buffer.concat(Array.from({ length: count }, (_, index) => frame('stdout', `${TIME} ${index}\n`)));
  const records = createFrameParser().push(stream);
  expect(records).toHaveLength(count);
  expect(records.every((record, index) => record.data.toString() === String(index))).toBe(true);
});

test('a record as large as they come, one byte at a time, comes out whole', () => {
  const line = 'x'.repeat(16 * 1024);
  const parser = createFrameParser();
  const records = chunksOf(frame('stdout', `${TIME} ${line}`), [1]).flatMap((chunk) => parser.push(chunk));
  expect(texts(records)).toEqual([{ time: TIME, stream: 'stdout', text: line, complete: false }]);
});

test.each([3, 8, 20])('a stream that ends %d bytes into a frame has broken off', (bytes) => {
  const cut = Buffer.concat([frame('stdout', `${TIME} whole\n`), frame('stdout', `${TIME} cut\n`).subarray(0, bytes)]);
  const parser = createFrameParser();
  expect(texts(parser.push(cut)).map(({ text }) => text)).toEqual(['whole']);
  expect(() => parser.end()).toThrow(EngineUnavailableError);
});

test.each([
  ['what a terminal prints', Buffer.from('plain text without frames\n')],
  ['a frame of an impossible length', header(1, 0xffff_ffff)],
  ['a frame without a time', frame('stdout', 'no time here\n')],
  ['an empty frame', frame('stdout', '')],
])('%s is refused', (_, bytes) => {
  expect(() => createFrameParser().push(bytes)).toThrow(EngineError);
});

test('what the engine says of its own failure to read the log is an error', () => {
  const message = 'Error grabbing logs: invalid character\n';
  const bytes = Buffer.concat([header(3, message.length), Buffer.from(message)]);
  expect(() => createFrameParser().push(bytes)).toThrow(/cannot read the log: Error grabbing logs: invalid character$/);
});

function header(stream: number, length: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt8(stream, 0);
  bytes.writeUInt32BE(length, 4);
  return bytes;
}

function frame(stream: 'stdout' | 'stderr', payload: string | Buffer): Buffer {
  const bytes = Buffer.from(payload);
  return Buffer.concat([header(stream === 'stdout' ? 1 : 2, bytes.length), bytes]);
}

/** Cuts into chunks of these sizes, over and over. */
function chunksOf(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const size = sizes[chunks.length % sizes.length] ?? 1;
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}

function texts(records: readonly LogRecord[]) {
  return records.map(({ data, ...record }) => ({ ...record, text: data.toString('utf8') }));
}
