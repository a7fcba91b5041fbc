import { findEvidence } from '../../host/find-evidence';
import { readLogEnd } from '../../store/log-end';
import { findPatterns } from '../../store/log-patterns';
import { openLogStore } from '../../store/file-log-store';
import type { LogLine, LogStore } from '../../store/log-store';
import { scratchFolder } from '../helpers/scratch-folder';

const scratch = scratchFolder();

const TIME = '2026-01-01T00:00:00.000000000Z';

async function logOf(attempts: string[][]): Promise<LogStore> {
  const logs = openLogStore(scratch.path, { segmentBytes: 10_000_000 });
  for (const [index, texts] of attempts.entries()) {
    const writer = await logs.openWriter('run', index + 1);
    await writer.append(texts.map((text) => ({ time: TIME, stream: 'stdout', text })));
    await writer.seal({ gaps: 0, badBytes: 0 });
    await writer.close();
  }
  return logs;
}

const texts = (lines: readonly LogLine[]): string[] => lines.map(({ text }) => text);

describe('readLogEnd', () => {
  it('reads the last thousand lines, of one attempt only', async () => {
    const logs = await logOf([['of another'], Array.from({ length: 1200 }, (_, index) => `line ${index}`), ['later']]);
    const end = await readLogEnd(logs, { runId: 'run', attempt: 2 });
    expect(end).toHaveLength(1000);
    expect([end[0]!.text, end.at(-1)!.text]).toEqual(['line 200', 'line 1199']);
    expect(texts(await readLogEnd(logs, { runId: 'run', attempt: 1 }))).toEqual(['of another']);
    expect(await readLogEnd(logs, { runId: 'none', attempt: 1 })).toEqual([]);
  });

  it('reads no more than a mebibyte, and no more than the beginning of a long line', async () => {
    const long = 'x'.repeat(100_000);
    const logs = await logOf([Array.from({ length: 200 }, (_, index) => `${index} ${long}`)]);
    const end = await readLogEnd(logs, { runId: 'run', attempt: 1 });
    expect(end).toHaveLength(64);
    expect(end.at(-1)!.text).toBe(`199 ${long}`.slice(0, 16_384));
  });
});

describe('findPatterns', () => {
  it('tells the rules whose pattern some line fits, once each, and in order', async () => {
    const patterns = [
      { rule: 4, pattern: 'CUDA error: .*ECC' },
      { rule: 1, pattern: '^lost$' },
      { rule: 2, pattern: '(?i)WORKER died' },
      { rule: 4, pattern: 'worker' },
    ];
    const lines = ['worker died', 'CUDA error: uncorrectable ECC', 'lost it'];
    expect(await findPatterns(patterns, lines)).toEqual([2, 4]);
    expect(await findPatterns(patterns, [])).toEqual([]);
    expect(await findPatterns([], lines)).toEqual([]);
  });

  it('takes what is no pattern for one that nothing fits', async () => {
    const patterns = [
      { rule: 0, pattern: '(' },
      { rule: 1, pattern: 'a' },
    ];
    expect(await findPatterns(patterns, ['(', 'a'])).toEqual([1]);
  });

  it('is not slowed down by a pattern on which others take for ever, and lets others do their work meanwhile', async () => {
    const lines = Array.from({ length: 64 }, () => `b${'a'.repeat(16_000)}`);
    const patterns = Array.from({ length: 10 }, (_, rule) => ({ rule, pattern: '(a*)*(a|aa)+b$' }));
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 1);
    expect(await findPatterns(patterns, lines)).toEqual([]);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(0);
  });
});

describe('findEvidence', () => {
  const input = { runId: 'run', attempt: 1, epoch: 1, containerId: 'c', logPatterns: [{ rule: 3, pattern: 'oops' }] };
  const lines: LogLine[] = [
    'epoch 7 step 300',
    'Traceback (most recent call last):',
    '  File "a.py", line 1, in <module>',
    'OSError: [Errno 101] Network is unreachable',
    'oops',
  ].map((text, index) => ({ number: index + 1, time: TIME, attempt: 1, stream: 'stderr', text }));
  const find = (info: { network: string } | null) =>
    findEvidence(async (runId) => `newest of ${runId}`, input, { info, lines });

  it('finds all that the end of a log tells, and the newest checkpoint', async () => {
    expect(await find({ network: 'none' })).toEqual({
      traceback: { type: 'OSError', message: '[Errno 101] Network is unreachable\noops' },
      hint: { id: 'no-network', sentence: expect.stringContaining('network: egress') },
      step: 300,
      checkpoint: 'newest of run',
      matchedLogs: [3],
    });
  });

  it('has another hint where there is a network, or where nobody knows', async () => {
    expect(await find({ network: 'bridge' })).toMatchObject({ hint: { id: 'network-unreachable' } });
    expect(await find(null)).toMatchObject({ hint: { id: 'network-unreachable' } });
  });
});
