import { Context } from '@temporalio/activity';

import { deferred, type Deferred } from './deferred';
import { GOOD_OUTCOME, type Activities } from './fake-host';

/** Containers that run until the test lets them end. */
export function heldContainers(): { changes: Partial<Activities>; ends: (runId: string) => void } {
  const ends = new Map<string, Deferred<void>>();
  const endOf = (runId: string): Deferred<void> => {
    const end = ends.get(runId) ?? deferred<void>();
    ends.set(runId, end);
    return end;
  };
  const followContainer: Activities['followContainer'] = async ({ runId }) => {
    const beat = setInterval(() => Context.current().heartbeat(), 1_000);
    // A test that fails ends none of them: its worker shall stop all the same.
    const { cancelled } = Context.current();
    await Promise.race([endOf(runId).promise, cancelled]).finally(() => clearInterval(beat));
    return GOOD_OUTCOME;
  };
  return { changes: { followContainer }, ends: (runId) => endOf(runId).resolve() };
}
