import type { LogRecord } from '../../docker/engine';
import { leastJsonFileBytes } from '../../host/json-file-size';
import { python, testHost, type TestHost } from './helpers';

function record(text: string, changes: Partial<LogRecord> = {}): LogRecord {
  const time = '2026-01-01T12:00:00.123456789Z';
  return { time, stream: 'stdout', data: Buffer.from(text), complete: true, ...changes };
}

describe('leastJsonFileBytes', () => {
  it.each([
    ['a short line', record('x'), String.raw`{"log":"x\n","stream":"stdout","time":"2026-01-01T12:00:00.123456789Z"}`],
    [
      'a time with zeros at its end, of stderr',
      record('', { time: '2026-01-01T12:00:00.120000000Z', stream: 'stderr' }),
      String.raw`{"log":"\n","stream":"stderr","time":"2026-01-01T12:00:00.12Z"}`,
    ],
    [
      'a whole second',
      record('é', { time: '2026-01-01T12:00:10.000000000Z' }),
      String.raw`{"log":"é\n","stream":"stdout","time":"2026-01-01T12:00:10Z"}`,
    ],
    [
      'what JSON has to escape, in a piece of a line',
      record('"\\<&>\r\t\u001b', { complete: false }),
      String.raw`{"log":"\"\\\u003c\u0026\u003e\r\u0009\u001b","stream":"stdout","time":"2026-01-01T12:00:00.123456789Z"}`,
    ],
  ])('counts each byte of %s', (_, printed, inFile) => {
    expect(leastJsonFileBytes([printed])).toBe(Buffer.byteLength(`${inFile}\n`));
  });

  describe('beside the file of a real engine', () => {
    let host: TestHost;
    beforeAll(async () => {
      host = await testHost();
    });
    afterAll(() => host.dispose());

    it('counts what it has written', async () => {
      const program = String.raw`
import signal, sys
for i in range(300): print(i % 10)
sys.stderr.write("".join(map(chr, range(128))) * 2 + "\u00e9\u2192\U0001F682 end\n")
print("x" * 40000, flush=True)
print("told", flush=True)
signal.pause()`;
      const id = await host.runOf('sizes', python(program));
      const files = await host.engine.filesOf(id);
      const records: LogRecord[] = [];
      for await (const read of host.engine.readLogs(id, { follow: true, signal: AbortSignal.timeout(60_000) })) {
        records.push(...read);
        if (records.some(({ data }) => data.toString() === 'told')) break;
      }
      expect(leastJsonFileBytes(records)).toBe(files!.log().writtenBytes);
      await host.engine.removeContainer(id);
    });
  });
});
