import type { LogRecord } from '../../docker/engine';
import { engineLogBytes } from '../../host/engine-log-bytes';

const time = '2026-11-24T10:50:45.504389486Z';
const record = (data: string, changes: Partial<LogRecord> = {}): LogRecord => ({
  ...{ time, stream: 'stdout', data: Buffer.from(data), complete: true },
  ...changes,
});

/** Lines of a log of Docker Engine 26.1.5, and what it gives of them. */
test.each([
  ['plain text', record('epoch 1'), `{"log":"epoch 1\\n","stream":"stdout","time":"${time}"}\n`],
  [
    'what JSON escapes',
    record('tab\there bs\b ff\f esc\x1b[0m quote" back\\ <>& del\x7f cr\r'),
    `{"log":"tab\\u0009here bs\\u0008 ff\\u000c esc\\u001b[0m quote\\" back\\\\ \\u003c\\u003e\\u0026 del\x7f cr\\r\\n","stream":"stdout","time":"${time}"}\n`,
  ],
  [
    'a time that ends in zeros, of the other stream',
    record('x', { time: '2026-11-24T10:50:45.504300000Z', stream: 'stderr' }),
    '{"log":"x\\n","stream":"stderr","time":"2026-11-24T10:50:45.5043Z"}\n',
  ],
  ['a piece of a line', record('x', { complete: false }), `{"log":"x","stream":"stdout","time":"${time}"}\n`],
])('the size of %s in the log of an engine is exact', (_, given, written) => {
  expect(engineLogBytes([given, given])).toEqual({ bytes: 2 * Buffer.byteLength(written), doubt: 0 });
});

test('bytes that were no UTF-8, which take more, are in doubt', () => {
  const written = `{"log":"bad\\ufffd\\ufffd\\n","stream":"stdout","time":"${time}"}\n`;
  const { bytes, doubt } = engineLogBytes([record('bad\ufffd\ufffd')]);
  expect(bytes + doubt).toBe(Buffer.byteLength(written));
});
