import type { Evidence } from '../contract/evidence';
import type { Fault } from '../contract/fault';
import { SIGNAL_EXIT_CODES } from '../contract/signals';
import type { Outcome } from '../contract/try-policy';
import { describeEnding, type Ending } from './outcome';
import type { PastAttempt } from './try-policy';

/** What a schema cannot say of outcomes that somebody wrote down. */
export function outcomeFaults(outcomes: readonly Outcome[]): Fault[] {
  return outcomes.flatMap(({ reason, exitCode, signal }, index): Fault[] => {
    const path = `outcomes[${index}]`;
    if (reason === 'exit-code' && !exitCode) {
      const message =
        'must be an exit code from 1 to 255 beside the reason "exit-code"; write it, or the reason "completed"';
      return [{ path: `${path}.exitCode`, message }];
    }
    if (reason === 'killed-by-signal' && signal === undefined) {
      return [
        { path: `${path}.signal`, message: 'is missing beside the reason "killed-by-signal"; write such as "SIGSEGV"' },
      ];
    }
    if (signal === undefined || exitCode === undefined || exitCode === SIGNAL_EXIT_CODES[signal]) return [];
    const message = `must be ${SIGNAL_EXIT_CODES[signal]} beside ${signal}; got ${exitCode}; leave it out`;
    return [{ path: `${path}.exitCode`, message }];
  });
}

/** An outcome as an attempt that ended so. */
export function pastOfOutcome(outcome: Outcome, matchedLogs: readonly number[]): PastAttempt {
  const ending = endingOf(outcome);
  return {
    ending,
    message: describeEnding(ending),
    evidence: evidenceOf(outcome),
    matchedLogs,
    host: null,
    times: { startedAfterMs: null, ranMs: null },
    changes: [],
  };
}

function endingOf({ reason, exitCode, signal }: Outcome): Ending {
  const byReason = { completed: 0, 'out-of-memory': SIGNAL_EXIT_CODES.SIGKILL } as Partial<Record<string, number>>;
  const code = exitCode ?? (signal === undefined ? byReason[reason] : SIGNAL_EXIT_CODES[signal]) ?? null;
  return {
    reason,
    exitCode: code,
    detail: { ...(code === null ? {} : { exitCode: code }), ...(signal && { signal }) },
  };
}

function evidenceOf({ reason, signal, outOfMemory, traceback, step, checkpoint }: Outcome): Evidence {
  return {
    signal: signal ?? null,
    outOfMemory: outOfMemory ?? reason === 'out-of-memory',
    peakMemoryBytes: null,
    cpuSeconds: null,
    traceback: traceback === undefined ? null : splitTraceback(traceback),
    hint: null,
    step: step ?? null,
    checkpoint: checkpoint ?? null,
  };
}

function splitTraceback(line: string): { type: string; message: string } {
  const [type = '', ...rest] = line.split(': ');
  return { type, message: rest.join(': ') };
}
