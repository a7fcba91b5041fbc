import { CancellationScope, isCancellation } from '@temporalio/workflow';

import type { AttemptIdentity } from '../contract/activities';
import { type WarnSignal } from '../contract/spec-policy';
import { reachDeadline } from './deadline';
import { failureOf } from './failure';
import type { HostLink } from './host-link';
import type { WarnedField } from './limits';
import type { RunLife } from './run-life';

/** The time of a container that runs. */
export interface AttemptClock {
  /** The signal that the program was warned with; null where it was not. */
  warnedBy(): WarnSignal | null;
  stop(): Promise<void>;
}

/** Ends the attempt when its time is over, and warns its program before that or before the end of the run. */
export function startAttemptClock(
  life: RunLife,
  { calls }: Pick<HostLink, 'calls'>,
  identity: AttemptIdentity,
): AttemptClock {
  const { limits, interrupts } = life;
  const scope = new CancellationScope();
  let warnedBy: WarnSignal | null = null;

  const warn = async (field: WarnedField): Promise<void> => {
    const signal = limits.warnSignal;
    const { warn, [field]: limit } = limits.timeouts;
    const why = `less than ${warn} of ${limit} are left (policy.timeouts.${field})`;
    warnedBy = signal;
    try {
      const { sent } = await calls.signalContainer({ ...identity, signal });
      if (sent) life.note(`The program was sent ${signal}: ${why}.`);
    } catch (error) {
      if (!isCancellation(error)) life.note(`${signal} could not be sent although ${why}: ${failureText(error)}`);
    }
  };

  limits.containerRuns((field) => void scope.run(async () => warn(field)));
  const ticking = scope.run(async () => {
    if (!(await reachDeadline(limits.deadlineOf('running')))) return;
    interrupts.endAttempt({ reason: 'running-timeout', detail: { timeout: limits.timeouts.running } });
  });
  return {
    warnedBy: () => warnedBy,
    stop: async () => {
      limits.containerEnds();
      scope.cancel();
      await ticking;
    },
  };
}

function failureText(error: unknown): string {
  return failureOf(error).detail.detail ?? '';
}
