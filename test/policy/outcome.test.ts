import type { ContainerOutcome } from '../../contract/activities';
import type { Findings } from '../../contract/evidence';
import { describeEnding, judgeOutcome, type StopCause } from '../../policy/outcome';
import { GOOD_OUTCOME } from '../helpers/fake-host';

const CANCEL: StopCause = { reason: 'cancelled', detail: { by: 'ada' } };

describe('judgeOutcome', () => {
  it.each<[string, Partial<ContainerOutcome>, StopCause | null, string, string]>([
    ['exit code 0', {}, null, 'completed', 'The command ended with exit code 0.'],
    ['another exit code', { exitCode: 3 }, null, 'exit-code', 'The command ended with exit code 3.'],
    ['a signal that is not ours', { exitCode: 139 }, null, 'killed-by-signal', 'killed by SIGSEGV'],
    ['a crash', { exitCode: 134 }, null, 'killed-by-signal', 'did not send. The program, or a library'],
    ['a `docker kill`', { exitCode: 137 }, null, 'killed-by-signal', 'Somebody may have used `docker kill`'],
    ['a `docker stop`', { exitCode: 143 }, null, 'killed-by-signal', 'ended with `trainyard cancel`'],
    ['a stop of the engine', { exitCode: 143, engineRestarted: true }, null, 'engine-restarted', 'live-restore'],
    ['a stop of the engine that the command took for its end', { engineRestarted: true }, null, 'engine-restarted', ''],
    [
      'a start that the engine has forgotten',
      { exitCode: null, engineRestarted: true, error: 'It has forgotten.' },
      null,
      'engine-restarted',
      'restarts. It has forgotten.',
    ],
    ['our own stop, though the engine was stopped too', { engineRestarted: true }, CANCEL, 'cancelled', 'by ada'],
    ['a kill by memory', { exitCode: 137, oomKilled: true }, null, 'out-of-memory', 'raise resources.memory'],
    [
      'a child killed by memory that the command survived',
      { exitCode: 0, oomKilled: true },
      null,
      'completed',
      'exit code 0',
    ],
    [
      'our own kill, though memory was short too',
      { exitCode: 137, oomKilled: true },
      CANCEL,
      'cancelled',
      'cancelled by ada',
    ],
    ['success within the grace of our stop', { exitCode: 0 }, CANCEL, 'cancelled', 'cancelled by ada'],
    [
      'removal by somebody else',
      { exitCode: null, vanished: true },
      null,
      'container-vanished',
      'removed by somebody else',
    ],
    [
      'a local process that was lost',
      { exitCode: null, error: 'its shim was killed' },
      null,
      'internal-error',
      'Trainyard itself failed: its shim was killed',
    ],
    ['an error of the engine', { exitCode: 128, error: 'no such device' }, null, 'start-failed', 'no such device'],
  ])('reads %s', (_, outcome, stopped, reason, sentence) => {
    const ending = judgeOutcome({ ...GOOD_OUTCOME, ...outcome }, stopped);
    expect(ending.reason).toBe(reason);
    expect(describeEnding(ending)).toContain(sentence);
  });
});

describe('running out of memory is known by three signals:', () => {
  const LIMIT = 1_000_000;
  const saw = (findings: Partial<Findings>): ContainerOutcome['findings'] => ({
    ...{ peakMemoryBytes: null, cpuSeconds: null, oomKills: null },
    ...{ traceback: null, hint: null, step: null, checkpoint: null, matchedLogs: [] },
    ...findings,
  });
  const reasonOf = (
    outcome: Partial<ContainerOutcome>,
    stopped: StopCause | null = null,
    limit: number | null = LIMIT,
  ) => judgeOutcome({ ...GOOD_OUTCOME, ...outcome }, stopped, limit).reason;

  it.each<[string, Partial<ContainerOutcome>, string]>([
    ['the flag of the engine', { exitCode: 137, oomKilled: true }, 'out-of-memory'],
    ['the flag, for a child of a command that then failed', { exitCode: 1, oomKilled: true }, 'out-of-memory'],
    ['the count of the kernel', { exitCode: 1, findings: saw({ oomKills: 2 }) }, 'out-of-memory'],
    ['a count of none', { exitCode: 1, findings: saw({ oomKills: 0 }) }, 'exit-code'],
    ['a kill near the limit', { exitCode: 137, findings: saw({ peakMemoryBytes: 970_000 }) }, 'out-of-memory'],
    ['a kill below it', { exitCode: 137, findings: saw({ peakMemoryBytes: 969_999 }) }, 'killed-by-signal'],
    ['an exit near the limit', { exitCode: 1, findings: saw({ peakMemoryBytes: LIMIT }) }, 'exit-code'],
    ['a crash near the limit', { exitCode: 139, findings: saw({ peakMemoryBytes: LIMIT }) }, 'killed-by-signal'],
    ['any of them with success', { exitCode: 0, oomKilled: true, findings: saw({ oomKills: 3 }) }, 'completed'],
  ])('%s', (_, outcome, reason) => {
    expect(reasonOf(outcome)).toBe(reason);
  });

  it('a kill of ours is never taken for one', () => {
    const all = { exitCode: 137, oomKilled: true, findings: saw({ oomKills: 1, peakMemoryBytes: LIMIT }) };
    expect(reasonOf(all, CANCEL)).toBe('cancelled');
    expect(reasonOf(all, { reason: 'silent', detail: {} })).toBe('silent');
  });

  it('where the limit is not known, the most that was used says nothing', () => {
    expect(reasonOf({ exitCode: 137, findings: saw({ peakMemoryBytes: LIMIT }) }, null, null)).toBe('killed-by-signal');
  });
});
