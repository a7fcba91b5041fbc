import { endingAfterWarning } from '../../policy/warned';
import { describeEnding, type Ending } from '../../policy/outcome';

const exit = (exitCode: number, reason: Ending['reason'] = 'exit-code'): Ending => ({
  reason,
  exitCode,
  detail: { exitCode },
});

describe('the end of a program that was warned', () => {
  it.each([
    ['SIGUSR1', 138, 'exit-code'],
    ['SIGINT', 130, 'killed-by-signal'],
    ['SIGTERM', 143, 'killed-by-signal'],
  ] as const)('is its own where %s ended it', (signal, exitCode, reason) => {
    const ending = endingAfterWarning(exit(exitCode, reason), signal);

    expect(ending.reason).toBe('exit-code');
    expect(describeEnding(ending)).toBe(
      `The command ended with exit code ${exitCode}. The program was ended by ${signal}, the warning before a limit; let it handle that signal, or choose another (policy.timeouts.warnSignal).`,
    );
  });

  it.each([
    ['another code', exit(1), 'SIGUSR1'],
    ['no warning', exit(138), null],
    ['a stop of ours', exit(138, 'running-timeout'), 'SIGUSR1'],
    ['memory', exit(138, 'out-of-memory'), 'SIGUSR1'],
  ] as const)('is left as it was with %s', (_, ending, signal) => {
    expect(endingAfterWarning(ending, signal)).toBe(ending);
  });
});
