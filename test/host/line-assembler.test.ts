import fc from 'fast-check';

import type { LogRecord } from '../../docker/engine';
import { createLineAssembler, type AssembledLine } from '../../host/line-assembler';

const at = (number: number): string => `2026-01-01T00:00:00.${String(number).padStart(9, '0')}Z`;

function record(stream: 'stdout' | 'stderr', text: string, time: number, complete = true): LogRecord {
  return { time: at(time), stream, data: Buffer.from(text), complete };
}

function assemble(records: readonly LogRecord[], limit?: number): AssembledLine[] {
  const assembler = createLineAssembler(limit);
  return [...assembler.push(records), ...assembler.flush()];
}

const brief = (line: AssembledLine): string => `${line.stream} ${line.data.toString()}${line.midLine ? ' (mid)' : ''}`;

describe('createLineAssembler', () => {
  it('joins the pieces of a line per stream, with the time of the first', () => {
    const lines = assemble([
      record('stdout', 'long ', 1, false),
      record('stderr', 'between', 2),
      record('stdout', 'line', 1),
      record('stdout', 'next', 3),
    ]);
    expect(lines.map(brief)).toEqual(['stderr between (mid)', 'stdout long line', 'stdout next']);
    expect(lines[1]).toMatchObject({ time: at(1), firstPart: false });
  });

  it('marks a line that began while the other stream was in the middle of one, even if that ended first', () => {
    const lines = assemble([
      record('stderr', 'err ', 1, false),
      record('stdout', 'out ', 2, false),
      record('stderr', 'end', 1),
      record('stdout', 'end', 2),
    ]);
    expect(lines.map(brief)).toEqual(['stderr err end', 'stdout out end (mid)']);
  });

  it('marks lines up to the time of the end of one that a killed engine tore, at which it would be asked in vain', () => {
    const lines = assemble([
      record('stdout', 'torn ', 1, false),
      record('stdout', 'line', 5),
      record('stderr', 'raced', 4),
      record('stderr', 'raced too', 5),
      record('stdout', 'later', 6),
      record('stderr', 'out of order', 5),
    ]);
    expect(lines.map(brief)).toEqual([
      'stdout torn line',
      'stderr raced (mid)',
      'stderr raced too (mid)',
      'stdout later',
      'stderr out of order',
    ]);
  });

  it('gives the lines that were never ended in the order in which they began', () => {
    const lines = assemble([record('stderr', 'first', 1, false), record('stdout', 'second', 2, false)]);
    expect(lines.map(brief)).toEqual(['stderr first', 'stdout second (mid)']);
  });

  it('cuts a line that is too long into parts, none within a character', () => {
    const text = 'ab\u{1F642}\u{1F642}cd';
    const lines = assemble([record('stdout', text, 1)], 5);
    expect(lines.map(({ data }) => data.toString())).toEqual(['ab', '\u{1F642}', '\u{1F642}c', 'd']);
    expect(lines.map(({ firstPart }) => firstPart)).toEqual([true, false, false, false]);
    expect(lines.map(({ midLine }) => midLine)).toEqual([false, true, true, true]);
  });

  it('cuts what is no UTF-8 at the limit', () => {
    const data = Buffer.alloc(25, 0x80);
    const lines = assemble([{ time: at(1), stream: 'stdout', data, complete: true }], 10);
    expect(lines.map((line) => line.data.length)).toEqual([10, 10, 5]);
  });

  it('gives the same lines however they are cut into pieces', () => {
    const line = fc.record({
      stream: fc.constantFrom<'stdout' | 'stderr'>('stdout', 'stderr'),
      text: fc.string({ unit: 'grapheme', maxLength: 30 }),
      cuts: fc.array(fc.nat(40), { maxLength: 4 }),
    });
    fc.assert(
      fc.property(fc.array(line, { maxLength: 20 }), fc.integer({ min: 4, max: 16 }), (lines, limit) => {
        const whole = lines.map(({ stream, text }, index) => record(stream, text, index));
        const pieces = lines.flatMap(({ stream, text, cuts }, index) => cut(record(stream, text, index), cuts));
        expect(assemble(pieces, limit)).toEqual(assemble(whole, limit));
      }),
    );
  });
});

function cut({ data, ...rest }: LogRecord, cuts: readonly number[]): LogRecord[] {
  const places = [...new Set(cuts.filter((place) => place < data.length))].toSorted((one, other) => one - other);
  const starts = [0, ...places.filter((place) => place > 0)];
  return starts.map((start, index) => ({
    ...rest,
    data: data.subarray(start, starts[index + 1]),
    complete: index === starts.length - 1,
  }));
}
