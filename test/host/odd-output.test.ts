import type { LogLine, Seal } from '../../store/log-store';
import { python, testHost, type TestHost } from './helpers';

let host: TestHost;

beforeAll(async () => {
  host = await testHost();
});

afterAll(() => host.dispose());

/** What is stored of a program's output. */
async function stored(runId: string, code: string): Promise<{ seal: Seal; lines: LogLine[] }> {
  const containerId = await host.runOf(runId, python(`import os, sys, time\n${code}`));
  const seal = await host.newPumps().adopt({ runId, attempt: 1, containerId }).sealed;
  return { seal, lines: await host.lines(runId) };
}

const texts = (lines: readonly LogLine[]): string[] => lines.map(({ text }) => text);

describe('what programs print', () => {
  it('keeps colours and other sequences for terminals as they are', async () => {
    const { lines } = await stored('ansi', String.raw`print("\x1b[31mred\x1b[0m \x1b[2K\x07")`);
    expect(texts(lines)).toEqual(['\u001b[31mred\u001b[0m \u001b[2K\u0007']);
  });

  it('puts one U+FFFD for each byte of a text that is no UTF-8, such as GBK, and counts them in the seal', async () => {
    const { seal, lines } = await stored('gbk', `os.write(1, "数据: 0.1\\n".encode("gbk") + "数据\\n".encode())`);

    expect(texts(lines)).toEqual([`${'\uFFFD'.repeat(4)}: 0.1`, '数据']);
    expect(seal).toEqual({ lines: 2, gaps: 0, badBytes: 4 });
  });

  it('keeps a progress bar as one line with all its states, the last of them at its end', async () => {
    const { lines } = await stored(
      'bar',
      `
for percent in range(101): sys.stderr.write(f"\\repoch 1: {percent:3d}% |{'#' * (percent // 10):10s}| loss=0.41")
sys.stderr.write("\\n")
print("done")`,
    );

    const bar = lines.find(({ stream }) => stream === 'stderr')!;
    expect(lines).toHaveLength(2);
    const states = bar.text.split('\r');
    expect(states).toHaveLength(102);
    expect(states.at(-1)).toBe('epoch 1: 100% |##########| loss=0.41');
  });

  it('keeps a progress bar that is longer than a piece of the engine, and one that never ends its line', async () => {
    const { lines } = await stored(
      'bars',
      String.raw`
sys.stdout.write("".join(f"\r{i} of 5000 batches" for i in range(5000)) + "\n")
sys.stdout.write("\r50%"); sys.stdout.flush()`,
    );

    const [long, last] = texts(lines);
    expect(long!.split('\r')).toHaveLength(5001);
    expect(long!.endsWith('\r4999 of 5000 batches')).toBe(true);
    expect(last).toBe('\r50%');
  });

  it('keeps both streams apart, each in its order', async () => {
    const { lines } = await stored('streams', 'for i in range(500): print(i); print(i, file=sys.stderr)');

    const numbers = Array.from({ length: 500 }, (_, index) => String(index));
    expect(texts(lines.filter(({ stream }) => stream === 'stdout'))).toEqual(numbers);
    expect(texts(lines.filter(({ stream }) => stream === 'stderr'))).toEqual(numbers);
  });

  it('keeps empty lines, and a last line without an end on each stream', async () => {
    const { seal, lines } = await stored('ends', String.raw`os.write(1, b"\n\nout"); os.write(2, b"err")`);

    expect(lines.filter(({ stream }) => stream === 'stdout').map(({ text }) => text)).toEqual(['', '', 'out']);
    expect(lines.filter(({ stream }) => stream === 'stderr').map(({ text }) => text)).toEqual(['err']);
    expect(seal).toEqual({ lines: 4, gaps: 0, badBytes: 0 });
  });
});
