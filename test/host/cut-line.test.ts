import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import fc from 'fast-check';

import type { LogRecord } from '../../docker/engine';
import type { KnownLine, LineSizes } from '../../host/cut-line';
import { mergeCopy } from '../../host/late-merge';
import { createLineAssembler, type AssembledLine } from '../../host/line-assembler';
import { createResumeSkip } from '../../host/resume-skip';
import { openLogStore } from '../../store/file-log-store';
import type { LogStore, NewLogLine } from '../../store/log-store';

type Stream = 'stdout' | 'stderr';

let folder: string;
let runs = 0;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trainyard-cut-'));
});
afterEach(() => rm(folder, { recursive: true }));

const time = (number: number): string => `2026-01-01T00:00:00.${String(number).padStart(9, '0')}Z`;
const known = ({ data, ...line }: AssembledLine): NewLogLine => ({ ...line, text: data.toString() });

async function* batches<T>(items: readonly T[], size = 3): AsyncGenerator<T[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}

async function skipped(stored: KnownLine[], told: KnownLine[], sizes?: LineSizes) {
  const skip = createResumeSkip(batches(stored), sizes);
  const { fresh, gapAfter } = await skip.skip(told);
  return { texts: fresh.map(({ text }) => text), gapAfter };
}

describe('an engine whose log begins in the middle of a line', () => {
  const long = (number: number, end = `end ${number}`, stream: Stream = 'stdout') => ({
    time: time(number),
    stream,
    text: 'x'.repeat(16 * 1024) + end,
  });
  const rest = (number: number, end = `end ${number}`, stream: Stream = 'stdout') => ({
    ...long(number, '', stream),
    text: end,
  });

  it('has its end taken for the stored line, and what comes next for what it is', async () => {
    const stored = [1, 2, 3, 4, 5].map((number) => long(number));
    expect(await skipped(stored, [rest(3), long(4), long(5), long(6)])).toEqual({
      texts: [long(6).text],
      gapAfter: null,
    });
    expect(await skipped(stored, [rest(5), long(6)])).toEqual({ texts: [long(6).text], gapAfter: null });
  });

  it('has an end of no text, where the line is as long as its pieces', async () => {
    expect(await skipped([long(1, ''), long(2)], [rest(1, ''), long(2), long(3)])).toEqual({
      texts: [long(3).text],
      gapAfter: null,
    });
  });

  it('has it taken for new where the line is not stored, after a gap', async () => {
    const stored = [long(1), long(2)];
    expect(await skipped(stored, [rest(4), long(5)])).toEqual({ texts: ['end 4', long(5).text], gapAfter: time(2) });
  });

  it('may begin in the middle of a line of each stream', async () => {
    const stored = [long(1), long(2, 'e', 'stderr'), long(1, 'o'), long(3)];
    expect(await skipped(stored, [rest(2, 'e', 'stderr'), rest(1, 'o'), long(3), long(4)])).toEqual({
      texts: [long(4).text],
      gapAfter: null,
    });
  });

  it('has no line taken for another one that ends the same: of another time, of the other stream, or of one record', async () => {
    const line = { time: time(3), stream: 'stdout', text: 'end' };
    const none = { texts: ['end'], gapAfter: time(3) };
    expect(await skipped([long(2, 'end'), { ...line, text: 'the end' }], [line])).toEqual(none);
    expect(await skipped([long(3, 'end', 'stderr')], [line])).toEqual(none);
  });

  it('has only its first line of a stream taken for the end of one', async () => {
    const next = rest(2, 'end');
    const skip = createResumeSkip(batches([long(1), long(2, 'end')]));
    expect(await skip.skip([long(1), next])).toEqual({ fresh: [next], gapAfter: time(2) });
  });
});

describe('a line that is stored in parts', () => {
  const sizes: LineSizes = { pieceBytes: 4, partBytes: 10, leastOverlap: 1 };
  const part = (text: string, stream: Stream = 'stdout') => ({ time: time(1), stream, text });
  const parts = (...texts: string[]) => texts.map((text) => part(text));

  it('has its place found where one of them is not full, as it was completed before', async () => {
    const stored = parts('abcdefgh', 'ij', 'klmnopqr', 'st');
    const next = { ...part('next'), time: time(2) };
    expect(await skipped(stored, [...parts('ghijklmn', 'opqrst'), next], sizes)).toEqual({
      texts: ['next'],
      gapAfter: null,
    });
    expect(await skipped(parts('abcdefgh', 'ij', 'klmn'), [...parts('mn'), next], sizes)).toEqual({
      texts: ['next'],
      gapAfter: null,
    });
  });

  it('goes on where it is stored up to the middle of a part that comes after a line of the other stream', async () => {
    const [first, ...rest] = parts('cdefghij', 'klmnopqr', 'st');
    const told = [first!, part('between', 'stderr'), ...rest];
    expect(await skipped(parts('abcdefgh', 'ijklmnop'), told, sizes)).toEqual({
      texts: ['between', 'qr', 'st'],
      gapAfter: null,
    });
  });

  it('has the rest of a part stored at once, though the next may be long in coming', async () => {
    expect(await skipped(parts('abcdefgh'), parts('cdefghij'), sizes)).toEqual({ texts: ['ij'], gapAfter: null });
  });
});

/** A piece of a log: ten times a letter that no other piece has. */
const LETTERS = 10;
const LETTER_BYTES = 3;
const SIZES: LineSizes = { pieceBytes: LETTERS * LETTER_BYTES, partBytes: 70, leastOverlap: 1 };

/** Two racing streams, whose lines have up to many pieces, with others between. All lines are ended. */
function engineLog(data = (index: number) => String.fromCharCode(0x4e00 + index).repeat(LETTERS)) {
  const step = fc.record({
    stream: fc.constantFrom<Stream>('stdout', 'stderr'),
    advance: fc.integer({ min: -2, max: 5 }),
    isPiece: fc.integer({ min: 0, max: 9 }).map((chance) => chance < 7),
  });
  const ends: Stream[] = ['stdout', 'stderr'];
  return fc.array(step, { maxLength: 80 }).map((steps): LogRecord[] => {
    let clock = 100;
    const open: Record<Stream, string | undefined> = { stdout: undefined, stderr: undefined };
    const all = [...steps, ...ends.map((stream) => ({ stream, advance: 1, isPiece: false }))];
    return all.map(({ stream, advance, isPiece }, index) => {
      clock = Math.max(100, clock + advance);
      const begun = open[stream] ?? time(clock);
      open[stream] = isPiece ? begun : undefined;
      return { time: begun, stream, data: Buffer.from(data(index)), complete: !isPiece };
    });
  });
}

/** Readings up to a record, before each of which the engine has thrown away all up to another one. */
const readings = () => fc.array(fc.tuple(fc.nat(80), fc.nat(80)), { maxLength: 6 });

describe('a log that is read again while its engine throws away the oldest records', () => {
  it('is stored once and in order as far as it could be read, and gaps stand where lines are missing', async () => {
    await fc.assert(
      fc.asyncProperty(engineLog(), readings(), async (log, cuts) => {
        const logs = openLogStore(folder, { segmentBytes: 4096 });
        const runId = `run-${(runs += 1)}`;
        const expected = expectation(log, SIZES);
        let lost = 0;
        for (const [count, more] of [...cuts, [log.length, 0] as const]) {
          const gaps = await read(logs, runId, { log: log.slice(0, count), lost }, expected.read, SIZES);
          // Whether a part of a line that has not ended is there any more is seen only when it goes on.
          expect([gaps.isExpected, gaps.isExpected || gaps.isUnclear]).toContain(gaps.isNoted);
          lost = Math.min(log.length - 1, Math.max(lost, Math.floor((count * more) / 80)));
        }
        expect(await storedText(logs, runId)).toEqual(expected.text());
      }),
      { numRuns: 100 },
    );
  });
});

describe('a copy of a log whose beginning its engine had thrown away', () => {
  const piece = (index: number): string =>
    String(index)
      .repeat(16 * 1024)
      .slice(0, 16 * 1024);

  it('is brought into a log of which a part is stored, each line once, and with a gap where lines are missing', async () => {
    await fc.assert(
      fc.asyncProperty(engineLog(piece), fc.nat(80), fc.nat(80), async (log, count, start) => {
        const runId = `run-${(runs += 1)}`;
        const logs = openLogStore(folder, { segmentBytes: 256 * 1024 });
        const copy = openLogStore(join(folder, runId), { segmentBytes: 256 * 1024 });
        const lost = Math.min(start, log.length - 1);
        const expected = expectation(log);
        await read(logs, runId, { log: log.slice(0, count), lost: 0 }, expected.read);
        await append(copy, runId, linesOf(log.slice(lost)), true);
        const { isExpected, isUnclear } = expected.read(lost, log.length);

        const writer = await logs.openWriter(runId, 1);
        const seal = await mergeCopy(logs, copy, { runId, attempt: 1 }, writer);
        await writer.close();

        expect({ gaps: seal?.gaps, isUnclear }).toEqual({ gaps: isExpected ? 1 : 0, isUnclear: false });
        expect(await storedText(logs, runId)).toEqual(expected.text());
      }),
      { numRuns: 30 },
    );
  });

  it('has a line in parts, of which some are stored, completed', async () => {
    const pieces = Array.from({ length: 200 }, (_, index) => `${index} `.repeat(8192).slice(0, 16 * 1024));
    const log = pieces.map((text, index): LogRecord => {
      return { time: time(1), stream: 'stdout', data: Buffer.from(text), complete: index === 199 };
    });
    const logs = openLogStore(folder, { segmentBytes: 64 * 1024 ** 2 });
    const copy = openLogStore(join(folder, 'copy'), { segmentBytes: 64 * 1024 ** 2 });
    await append(logs, 'run', linesOf(log.slice(0, 150)), false);
    await append(copy, 'run', linesOf(log.slice(100)), true);

    const writer = await logs.openWriter('run', 1);
    const seal = await mergeCopy(logs, copy, { runId: 'run', attempt: 1 }, writer);
    await writer.close();

    expect(seal?.gaps).toBe(0);
    expect((await storedText(logs, 'run')).stdout === pieces.join('')).toBe(true);
  });
});

function linesOf(records: readonly LogRecord[], sizes?: LineSizes): NewLogLine[] {
  const assembler = createLineAssembler(sizes?.partBytes);
  return assembler.push(records).map(known);
}

async function append(logs: LogStore, runId: string, lines: NewLogLine[], isSealed: boolean): Promise<void> {
  const writer = await logs.openWriter(runId, 1);
  await writer.append(lines);
  if (isSealed) await writer.seal({ gaps: 0, badBytes: 0 });
  await writer.close();
}

async function storedText(logs: LogStore, runId: string): Promise<Record<Stream, string>> {
  const text = { stdout: '', stderr: '' };
  for await (const lines of logs.read(runId, {})) for (const line of lines) text[line.stream as Stream] += line.text;
  return text;
}

type Reading = (start: number, count: number) => { isExpected: boolean; isUnclear: boolean };

interface Source {
  log: readonly LogRecord[];
  /** How many of its records the engine has thrown away. */
  lost: number;
}

/** Reads a log as a pump does, from the place at which the store says to resume, or from the first that is left. */
async function read(logs: LogStore, runId: string, { log, lost }: Source, expectRead: Reading, sizes?: LineSizes) {
  const writer = await logs.openWriter(runId, 1);
  const { since = '', skip } = writer.resume ?? { skip: writer.attemptLines };
  const resume = createResumeSkip<NewLogLine>(logs.read(runId, { tail: skip + 64 }), sizes);
  const found = log.findIndex((record, index) => index >= lost && record.time >= since);
  const start = found < 0 ? log.length : found;
  let isNoted = false;
  try {
    const assembler = createLineAssembler(sizes?.partBytes);
    for (const record of log.slice(start)) {
      const { fresh, gapAfter } = await resume.skip(assembler.push([record]).map(known));
      isNoted ||= gapAfter !== null;
      await writer.append(fresh);
    }
  } finally {
    await resume.close();
    await writer.close();
  }
  return { isNoted, ...expectRead(start, log.length) };
}

const textOf = (log: readonly LogRecord[], index: number): string => log[index]!.data.toString();

/** What must be stored after readings: of each line, what could be read of it, once. */
function expectation(log: readonly LogRecord[], sizes?: LineSizes) {
  /** How many letters of each record are stored. */
  const stored = log.map(() => 0);
  let last = -1;

  /** Records from `start` to `count` can be read; true where there is something new, and the last that is stored is not there. */
  const read: Reading = (start, count) => {
    const isSeen = last < 0 || last >= start;
    const isUnclear = last >= 0 && !(log[last]!.complete && stored[last] === textOf(log, last).length);
    let isNew = false;
    const assembler = createLineAssembler(sizes?.partBytes);
    /** Records whose letters the assembler holds, and how many it holds of each. */
    const held: Record<Stream, { index: number; from: number }[]> = { stdout: [], stderr: [] };
    for (let index = start; index < count; index += 1) {
      const record = log[index]!;
      held[record.stream].push({ index, from: 0 });
      for (const { stream, data } of assembler.push([record])) {
        let left = data.toString().length;
        while (left > 0) {
          const first = held[stream][0]!;
          const taken = Math.min(left, textOf(log, first.index).length - first.from);
          left -= taken;
          first.from += taken;
          if (first.from > stored[first.index]!) {
            stored[first.index] = first.from;
            last = first.index;
            isNew = true;
          }
          if (first.from === textOf(log, first.index).length) held[stream].shift();
        }
      }
    }
    return { isExpected: isNew && !isSeen, isUnclear };
  };

  const text = (): Record<Stream, string> => {
    const all = { stdout: '', stderr: '' };
    for (const [index, { stream }] of log.entries()) all[stream] += textOf(log, index).slice(0, stored[index]);
    return all;
  };
  return { read, text };
}
