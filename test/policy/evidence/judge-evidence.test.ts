import * as fc from 'fast-check';

import type { ContainerOutcome } from '../../../contract/activities';
import { END_REASONS, REASONS } from '../../../contract/reason';
import { finalMessage, firstFailureAfter } from '../../../policy/evidence/first-failure';
import { judgeEvidence } from '../../../policy/evidence/judge-evidence';
import type { Ending } from '../../../policy/outcome';
import { GOOD_OUTCOME } from '../../helpers/fake-host';

const EXIT: Ending = { reason: 'exit-code', exitCode: 1, detail: { exitCode: 1 } };
const FOUND: ContainerOutcome = {
  ...GOOD_OUTCOME,
  exitCode: 1,
  findings: {
    peakMemoryBytes: 1000,
    cpuSeconds: 2.5,
    oomKills: 0,
    traceback: { type: 'ValueError', message: 'bad' },
    hint: { id: 'disk-full', sentence: 'Make room.' },
    step: 12,
    checkpoint: 'epoch-11',
    matchedLogs: [1],
  },
};

describe('judgeEvidence', () => {
  it('is what the host saw and found', () => {
    expect(judgeEvidence(EXIT, FOUND)).toEqual({
      signal: null,
      outOfMemory: false,
      peakMemoryBytes: 1000,
      cpuSeconds: 2.5,
      traceback: { type: 'ValueError', message: 'bad' },
      hint: { id: 'disk-full', sentence: 'Make room.' },
      step: 12,
      checkpoint: 'epoch-11',
    });
  });

  it('names the signal, also that of a kill that was ours', () => {
    const ending: Ending = { reason: 'cancelled', exitCode: 137, detail: {} };
    expect(judgeEvidence(ending, { ...FOUND, exitCode: 137 })).toMatchObject({ signal: 'SIGKILL', outOfMemory: false });
  });

  it('tells that a child was killed for want of memory though the command succeeded', () => {
    const ending: Ending = { reason: 'completed', exitCode: 0, detail: {} };
    expect(judgeEvidence(ending, { ...FOUND, exitCode: 0, oomKilled: true })).toMatchObject({ outOfMemory: true });
  });

  it('gives no hint to what did not fail', () => {
    for (const reason of END_REASONS.filter((each) => REASONS[each].state !== 'failed')) {
      expect(judgeEvidence({ reason, exitCode: 0, detail: {} }, FOUND)).toMatchObject({ hint: null, step: 12 });
    }
  });

  it('knows little of a history from before there were findings, and nothing where there was no container', () => {
    expect(judgeEvidence(EXIT, { ...GOOD_OUTCOME, exitCode: 1 })).toMatchObject({ peakMemoryBytes: null, step: null });
    expect(judgeEvidence({ reason: 'queued-timeout', exitCode: null, detail: {} }, null)).toBeNull();
    const detail = { detail: 'could not select device driver "" with capabilities: [[gpu]]' };
    const refused = judgeEvidence({ reason: 'start-failed', exitCode: null, detail }, null);
    expect(refused).toMatchObject({ hint: { id: 'gpu-driver-missing' }, signal: null });
  });
});

describe('the first failure of a run', () => {
  const first = { attempt: 1, reason: 'exit-code', message: 'The command ended with exit code 1.' } as const;

  it('is kept, whatever comes after', () => {
    const ending = fc.record({
      reason: fc.constantFrom(...END_REASONS),
      exitCode: fc.constant(null),
      detail: fc.constant({}),
    });
    fc.assert(
      fc.property(fc.array(ending), (endings) => {
        let firstFailure: Parameters<typeof firstFailureAfter>[0]['firstFailure'] = null;
        for (const [index, each] of endings.entries())
          firstFailure = firstFailureAfter({ attempt: index + 1, firstFailure }, each);
        const index = endings.findIndex(({ reason }) => REASONS[reason].state === 'failed' && reason !== 'preempted');
        expect(firstFailure?.attempt ?? 0).toBe(index + 1);
        expect(firstFailure?.reason).toBe(endings[index]?.reason);
      }),
    );
  });

  it('is named at the end of a run that failed for another reason', () => {
    const memory: Ending = { reason: 'out-of-memory', exitCode: 137, detail: {} };
    expect(finalMessage(memory, first)).toBe(
      `${REASONS['out-of-memory'].sentence} First: attempt 1: The command ended with exit code 1.`,
    );
  });

  it.each<[string, Ending]>([
    ['failed for the same', EXIT],
    ['succeeded', { reason: 'completed', exitCode: 0, detail: {} }],
    ['was cancelled', { reason: 'cancelled', exitCode: null, detail: {} }],
  ])('is not named where the run %s', (_, ending) => {
    expect(finalMessage(ending, first)).not.toContain('First:');
  });

  it('is not named where there is none', () => {
    expect(finalMessage(EXIT, null)).toBe('The command ended with exit code 1.');
  });
});
