import * as fc from 'fast-check';

import { findTraceback, MESSAGE_LENGTH } from '../../../policy/evidence/traceback';

const find = (text: string) => findTraceback(text.split('\n').map((line) => ({ stream: 'stderr', text: line })));

const FRAMES = `Traceback (most recent call last):
  File "/app/train.py", line 12, in <module>
    main()
    ~~~~^^
  File "/app/train.py", line 8, in main
    raise ValueError("bad")`;

describe('findTraceback', () => {
  it.each([
    ['an exception with a message', 'ValueError: bad batch', 'ValueError', 'bad batch'],
    ['one of a module', 'torch.OutOfMemoryError: CUDA out of memory.', 'torch.OutOfMemoryError', 'CUDA out of memory.'],
    ['one without a message', 'AssertionError', 'AssertionError', ''],
    ['one that was made in a function', '__main__.f.<locals>.E: x', '__main__.f.<locals>.E', 'x'],
    ['a message with colons', "KeyError: 'a: b'", 'KeyError', "'a: b'"],
  ])('finds %s', (_, line, type, message) => {
    expect(find(`epoch 1\n${FRAMES}\n${line}`)).toEqual({ type, message });
  });

  it('takes the last of a chain, which is the one that nobody caught', () => {
    const chain = `${FRAMES}\nKeyError: 'x'\n\nDuring handling of the above exception, another exception occurred:\n\n`;
    expect(find(`${chain}${FRAMES}\nRuntimeError: no x`)).toEqual({ type: 'RuntimeError', message: 'no x' });
  });

  it('takes a message of several lines up to the empty line or what a logger writes', () => {
    const message = 'CUDA error: device-side assert triggered\nCompile with `TORCH_USE_CUDA_DSA`.';
    const expected = { type: 'RuntimeError', message };
    expect(find(`${FRAMES}\nRuntimeError: ${message}`)).toEqual(expected);
    expect(find(`${FRAMES}\nRuntimeError: ${message}\n\nsaved nothing`)).toEqual(expected);
    expect(find(`${FRAMES}\nRuntimeError: ${message}\nE1124 10:00:00.1 api.py:1] failed`)).toEqual(expected);
    expect(find(`${FRAMES}\nRuntimeError: ${message}\n2026-11-24 10:00:00 INFO bye`)).toEqual(expected);
  });

  it('cuts a long message, and no character in two', () => {
    const { message } = find(`${FRAMES}\nValueError: ${'x'.repeat(MESSAGE_LENGTH - 2)}😀😀😀`)!;
    expect(message).toBe(`${'x'.repeat(MESSAGE_LENGTH - 2)}…`);
    expect(find(`${FRAMES}\nValueError: ${'y\n'.repeat(9000)}`)!.message.length).toBeLessThanOrEqual(MESSAGE_LENGTH);
  });

  it.each(['[rank0]: ', '[default1]:', '(Trainer pid=12, ip=10.0.0.1) ', '3: '])('reads past the mark %s', (mark) => {
    const marked = `${FRAMES}\nValueError: bad`.split('\n').map((line) => mark + line);
    expect(find(marked.join('\n'))).toEqual({ type: 'ValueError', message: 'bad' });
  });

  it('tells the lines of several processes apart', () => {
    const of = (rank: number, last: string): string[] =>
      `${FRAMES}\n${last}`.split('\n').map((line) => `[rank${rank}]: ${line}`);
    const [first, second] = [of(0, 'ValueError: zero'), of(1, 'KeyError: one')];
    const mixed = first.flatMap((line, index) => [line, second[index]!]);
    expect(find(mixed.slice(0, -1).join('\n'))).toEqual({ type: 'ValueError', message: 'zero' });
    expect(find(mixed.join('\n'))).toEqual({ type: 'KeyError', message: 'one' });
  });

  it('tells its streams apart', () => {
    const lines = `${FRAMES}\nValueError: bad`.split('\n').flatMap((text) => [
      { stream: 'stderr', text },
      { stream: 'stdout', text: 'step 3' },
    ]);
    expect(findTraceback(lines)).toEqual({ type: 'ValueError', message: 'bad' });
  });

  it('takes the exception of a child before that of its launcher', () => {
    const launcher = `${FRAMES}\ntorch.distributed.elastic.multiprocessing.errors.ChildFailedError: \n====\ntrain.py FAILED`;
    const child = `${FRAMES}\nValueError: bad`.replace(/^/gm, '[rank0]: ');
    expect(find(`${child}\n${launcher}`)).toEqual({ type: 'ValueError', message: 'bad' });
    expect(find(launcher)?.type).toMatch(/ChildFailedError$/);
  });

  it('finds the one within a group of exceptions', () => {
    const group = `  + Exception Group Traceback (most recent call last):
  |   File "a.py", line 1, in <module>
  | ExceptionGroup: unhandled errors in a TaskGroup (1 sub-exception)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "a.py", line 2, in f
    | ValueError: bad
    +------------------------------------`;
    expect(find(group)).toEqual({ type: 'ValueError', message: 'bad' });
  });

  it('finds what Python could not compile', () => {
    const text = `  File "/app/train.py", line 3\n    print(\n         ^\nSyntaxError: '(' was never closed`;
    expect(find(text)).toEqual({ type: 'SyntaxError', message: "'(' was never closed" });
  });

  it('does not take what went wrong while the program was taken down, and nobody could catch', () => {
    const ignored = `Exception ignored in: <function Pool.__del__ at 0x7f>\n${FRAMES}\nTypeError: late`;
    expect(find(`${FRAMES}\nValueError: bad\n${ignored}`)).toEqual({ type: 'ValueError', message: 'bad' });
    expect(find(ignored)).toBeNull();
  });

  it.each([
    ['no traceback', 'ValueError: only said'],
    ['one that is cut off', FRAMES],
    ['one that ends in something else', `${FRAMES}\n*** core dumped ***`],
    ['nothing at all', ''],
  ])('finds none in %s', (_, text) => {
    expect(find(text)).toBeNull();
  });

  it('reads any lines without failing, and never gives a message that is too long', () => {
    const pieces = fc.constantFrom(...FRAMES.split('\n'), 'ValueError: x', '[rank0]: KeyError', '', '  | ', 'a: b');
    const lines = fc.array(
      fc.record({ stream: fc.constantFrom('stdout', 'stderr'), text: fc.oneof(pieces, fc.string()) }),
    );
    fc.assert(
      fc.property(lines, (some) => {
        const found = findTraceback(some);
        return found === null || (found.type !== '' && found.message.length <= MESSAGE_LENGTH);
      }),
    );
  });
});
