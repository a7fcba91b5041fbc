import * as fc from 'fast-check';

import { END_REASONS, REASONS } from '../../../contract/reason';
import { fingerprintOf } from '../../../policy/evidence/fingerprint';
import type { Ending } from '../../../policy/outcome';
import { NO_EVIDENCE as NOTHING } from '../attempts';

const EXIT: Ending = { reason: 'exit-code', exitCode: 1, detail: { exitCode: 1 } };
const failing = (type: string, message: string) => fingerprintOf(EXIT, { ...NOTHING, traceback: { type, message } });
const killed = (signal: string, exitCode: number): Ending => ({
  reason: 'killed-by-signal',
  exitCode,
  detail: { signal },
});

describe('fingerprintOf', () => {
  it.each([
    ['numbers', 'batch 17 at step 2300 of 93800 is bad', 'batch 18 at step 4100 of 93800 is bad'],
    ['fractions and powers', 'loss 0.25 over 1e-3', 'loss 17 over 2.5e+10'],
    ['addresses', 'at <Net object at 0x7f3a2b1c>', 'at <Net object at 0x55e0>'],
    ['hashes', 'blob deadbeef0123 is gone', 'blob 0123deadbeefcafe is gone'],
    ['ids', 'job 3f2504e0-4f89-11d3-9a0c-0305e82c3301', 'job 6ba7b810-9dad-11d1-80b4-00c04fd430c8'],
    ['paths', "no '/data/a/b.png'", "no '/data/other.png'"],
    ['relative paths', 'cannot read ./a/1.pt', 'cannot read ../b/c/2.pt'],
    ['spaces', 'a  b\nc', 'a b c'],
  ])('is the same where only %s differ', (_, one, other) => {
    expect(failing('ValueError', one)).toBe(failing('ValueError', other));
  });

  it.each([
    ['the type', failing('KeyError', 'x'), failing('ValueError', 'x')],
    ['the message', failing('KeyError', "'x'"), failing('KeyError', "'y'")],
    [
      'the exit code',
      failing('KeyError', 'x'),
      fingerprintOf({ ...EXIT, exitCode: 2 }, { ...NOTHING, traceback: { type: 'KeyError', message: 'x' } }),
    ],
    ['the signal', fingerprintOf(killed('SIGSEGV', 139), null), fingerprintOf(killed('SIGABRT', 134), null)],
  ])('is another one where %s differs', (_, one, other) => {
    expect(one).not.toBeNull();
    expect(one).not.toBe(other);
  });

  it('is made of the hint where there is no exception', () => {
    const hint = { id: 'disk-full', sentence: 'x' };
    expect(fingerprintOf(EXIT, { ...NOTHING, hint })).toBe('exit-code 1 hint disk-full');
  });

  it('takes running out of memory for the same, whatever the program was just doing', () => {
    const ending: Ending = { reason: 'out-of-memory', exitCode: 1, detail: {} };
    const traceback = { type: 'RuntimeError', message: 'DataLoader worker died' };
    const killed = { ...ending, exitCode: 137 };
    expect(fingerprintOf(ending, { ...NOTHING, traceback })).toBe(fingerprintOf(killed, NOTHING));
    expect(fingerprintOf(killed, null)).not.toBeNull();
  });

  it('is none where there is only an exit code', () => {
    expect(fingerprintOf(EXIT, null)).toBeNull();
    expect(fingerprintOf(EXIT, { ...NOTHING, step: 3, peakMemoryBytes: 1 })).toBeNull();
  });

  it('is none where somebody killed the command', () => {
    const hint = { id: 'host-out-of-memory', sentence: 'x' };
    expect(fingerprintOf(killed('SIGKILL', 137), { ...NOTHING, hint })).toBeNull();
    expect(fingerprintOf(killed('SIGTERM', 143), null)).toBeNull();
  });

  it('is there for causes of the run alone, is short, and is the same for the same', () => {
    const ending = fc.record({
      reason: fc.constantFrom(...END_REASONS),
      exitCode: fc.option(fc.integer({ min: 0, max: 255 })),
      detail: fc.constant({}),
    });
    const evidence = fc.record({ type: fc.string(), message: fc.string({ maxLength: 600 }) });
    fc.assert(
      fc.property(ending, evidence, (end, traceback) => {
        const fingerprint = fingerprintOf(end, { ...NOTHING, traceback: { ...traceback, type: 'E' } });
        expect(fingerprint).toBe(fingerprintOf(end, { ...NOTHING, traceback: { ...traceback, type: 'E' } }));
        expect(fingerprint === null).toBe(REASONS[end.reason].retry !== 'user');
        expect((fingerprint ?? '').length).toBeLessThan(300);
      }),
    );
  });
});
