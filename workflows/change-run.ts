import { ApplicationFailure } from '@temporalio/workflow';

import { describeFault, type Fault } from '../contract/fault';
import type { RunReport } from '../contract/run';
import { applyRunChange, checkRunChange, type RunChange } from '../contract/run-change';
import type { RunSpec } from '../contract/spec';
import { isEndState } from '../contract/state';
import { parseDuration } from '../contract/units';
import { describeChange, limitsInThePast } from '../policy/run-change';
import type { ChangeRefusal } from './messages';
import type { RunLife } from './run-life';

/** @throws what says why a change is refused; see `changeRunUpdate`. Nothing is changed then. */
export function checkChange(life: RunLife, change: RunChange): void {
  specAfter(life, change);
}

/** Makes a change that was checked. */
export function changeRun(life: RunLife, change: RunChange): RunReport {
  const { before, after } = specAfter(life, change);
  const what = describeChange(before, after);
  if (after.priority !== before.priority) life.lease.reprioritise(after.priority);
  if (runningMs(after) !== runningMs(before)) life.lease.changeLimit(runningMs(after));
  if (what !== '') life.changes(after, `Changed by ${change.by ?? 'an update'}: ${what}.`);
  return life.report();
}

const runningMs = ({ policy }: RunSpec): number => parseDuration(policy.timeouts.running);

function specAfter(life: RunLife, change: RunChange): { before: RunSpec; after: RunSpec } {
  const { run, limits } = life;
  const before = life.report().spec;
  if (isEndState(run.state)) {
    throw refusal('already-ended', [{ path: '', message: `the run has already ${run.state}` }]);
  }
  if (before === null) throw refusal('not-admitted', [{ path: '', message: 'the run has not been looked at yet' }]);
  const checked = checkRunChange(change);
  if (checked.faults !== undefined) throw refusal('change-refused', checked.faults);
  const { spec: after, faults } = applyRunChange(before, checked.change);
  if (faults.length > 0) throw refusal('change-refused', faults);
  if (checked.change.policy?.timeouts === undefined) return { before, after };
  const late = [...tooLate(life), ...limitsInThePast(after.policy.timeouts, limits.passed(run.state === 'queued'))];
  if (late.length > 0) throw refusal('change-refused', late);
  return { before, after };
}

/** What comes to its end for good is not saved by another limit. */
function tooLate({ interrupts: { cause } }: RunLife): Fault[] {
  if (cause === null || cause.reason === 'suspended' || cause.reason === 'silent') return [];
  const message = `cannot be changed any more: the run is being ended (${cause.reason}); submit it again with other limits`;
  return [{ path: 'policy.timeouts', message }];
}

function refusal(type: ChangeRefusal, faults: Fault[]): ApplicationFailure {
  const message = faults.map((fault) => describeFault(fault)).join('; ');
  return ApplicationFailure.create({ type, message, nonRetryable: true, details: [faults] });
}
