import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import fc from 'fast-check';

import type { LogRecord } from '../../docker/engine';
import { createLineAssembler, type AssembledLine } from '../../host/line-assembler';
import type { KnownLine } from '../../host/cut-line';
import { createResumeSkip } from '../../host/resume-skip';
import { openLogStore } from '../../store/file-log-store';
import type { LogStore, NewLogLine } from '../../store/log-store';

const line = (number: number, stream = 'stdout'): KnownLine => ({
  time: `2026-01-01T00:00:00.${String(number).padStart(9, '0')}Z`,
  stream,
  text: `line ${number}`,
});
const lines = (from: number, to: number): KnownLine[] =>
  Array.from({ length: to - from + 1 }, (_, index) => line(from + index));

async function* batches<T>(items: readonly T[], size = 3): AsyncGenerator<T[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}

describe('createResumeSkip', () => {
  it('takes everything for new where nothing is stored', async () => {
    const skip = createResumeSkip(batches<KnownLine>([]));
    expect(await skip.skip(lines(1, 3))).toEqual({ fresh: lines(1, 3), gapAfter: null });
  });

  it('drops what is stored, over several batches, and sees no gap', async () => {
    const skip = createResumeSkip(batches(lines(1, 7)));
    expect(await skip.skip(lines(3, 5))).toEqual({ fresh: [], gapAfter: null });
    expect(await skip.skip(lines(6, 9))).toEqual({ fresh: lines(8, 9), gapAfter: null });
    expect(await skip.skip(lines(10, 11))).toEqual({ fresh: lines(10, 11), gapAfter: null });
  });

  it('sees no gap where stored lines were thrown away but one of them is still there', async () => {
    const skip = createResumeSkip(batches(lines(1, 7)));
    expect(await skip.skip(lines(7, 8))).toEqual({ fresh: [line(8)], gapAfter: null });
  });

  it('sees a gap where none of the stored lines is there any more', async () => {
    const skip = createResumeSkip(batches(lines(1, 7)));
    expect(await skip.skip(lines(20, 21))).toEqual({ fresh: lines(20, 21), gapAfter: line(7).time });
    expect(await skip.skip(lines(22, 22))).toEqual({ fresh: lines(22, 22), gapAfter: null });
  });

  it('tells lines apart that have one time, and one text', async () => {
    const twins = [line(1), line(1, 'stderr'), line(1)];
    const skip = createResumeSkip(batches(twins));
    expect(await skip.skip([...twins, line(1)])).toEqual({ fresh: [line(1)], gapAfter: null });
  });

  it('stores each line once and in order, wherever the reader is cut off and the times run', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'trainyard-resume-'));
    const logs = openLogStore(folder, { segmentBytes: 4096 });
    let runs = 0;
    try {
      await fc.assert(
        fc.asyncProperty(engineLog(), fc.array(fc.nat(200), { maxLength: 8 }), async (log, cuts) => {
          const runId = `run-${(runs += 1)}`;
          for (const count of cuts) await read(logs, runId, log.slice(0, count));
          await read(logs, runId, log);
          expect(await storedTexts(logs, runId)).toEqual(log.length === 0 ? [] : textsOf(log));
        }),
        { numRuns: 60 },
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

const known = ({ time, stream, data, midLine }: AssembledLine) => ({ time, stream, text: data.toString(), midLine });

function textsOf(log: readonly LogRecord[]): string[] {
  const assembler = createLineAssembler();
  return assembler.push(log).map(({ data }) => data.toString());
}

async function storedTexts(logs: LogStore, runId: string): Promise<string[]> {
  const texts: string[] = [];
  for await (const read of logs.read(runId, {})) texts.push(...read.map(({ text }) => text));
  return texts;
}

/** Reads a log as a pump does, from the place at which the store says to resume. */
async function read(logs: LogStore, runId: string, log: readonly LogRecord[]): Promise<void> {
  const writer = await logs.openWriter(runId, 1);
  const { since = '', skip } = writer.resume ?? { skip: writer.attemptLines };
  const resume = createResumeSkip<NewLogLine>(logs.read(runId, { tail: skip + 64 }));
  try {
    const assembler = createLineAssembler();
    const start = log.findIndex(({ time }) => time >= since);
    for (const record of start === -1 ? [] : log.slice(start)) {
      const { fresh, gapAfter } = await resume.skip(assembler.push([record]).map(known));
      expect(gapAfter).toBeNull();
      await writer.append(fresh);
    }
  } finally {
    await resume.close();
    await writer.close();
  }
}

/** Two racing streams: times out of order now and then, some the same, and lines in pieces with others between. */
function engineLog(): fc.Arbitrary<LogRecord[]> {
  const step = fc.record({
    stream: fc.constantFrom<'stdout' | 'stderr'>('stdout', 'stderr'),
    advance: fc.integer({ min: -3, max: 5 }),
    piece: fc.boolean().chain((piece) => (piece ? fc.boolean() : fc.constant(false))),
  });
  return fc.array(step, { maxLength: 120 }).map((steps) => {
    let clock = 100;
    const open: Record<'stdout' | 'stderr', string | undefined> = { stdout: undefined, stderr: undefined };
    return steps.map(({ stream, advance, piece }, index) => {
      clock = Math.max(100, clock + advance);
      const time = open[stream] ?? line(clock).time;
      const text = open[stream] !== undefined || piece ? `piece ${index} ` : `line ${index}`;
      open[stream] = piece ? time : undefined;
      return { time, stream, data: Buffer.from(text), complete: !piece };
    });
  });
}
