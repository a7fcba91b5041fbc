import type { Fault } from '../contract/fault';
import { capacityOf } from '../contract/run-capacity';
import type { RunSpec, Timeouts } from '../contract/spec';
import { formatDuration, parseDuration } from '../contract/units';

/** What has passed of a run's times, in milliseconds; null where the time does not run now. */
export interface PassedTimes {
  queued: number | null;
  running: number | null;
  total: number | null;
}

const WHAT_PASSED: Record<keyof PassedTimes, string> = {
  queued: 'that the run has waited',
  running: 'that the attempt has run',
  total: 'that the run has taken',
};

/** Limits that were over already if they were set now: nothing can be limited after the fact. */
export function limitsInThePast(timeouts: Timeouts, passed: PassedTimes): Fault[] {
  return (Object.keys(WHAT_PASSED) as (keyof PassedTimes)[]).flatMap((field) => {
    const passedMs = passed[field];
    if (passedMs === null || parseDuration(timeouts[field]) > passedMs) return [];
    const least = `must be more than the ${formatDuration(passedMs)} ${WHAT_PASSED[field]} already`;
    const mend = 'to end it now, cancel it';
    return [{ path: `policy.timeouts.${field}`, message: `${least}; got "${timeouts[field]}"; ${mend}` }];
  });
}

/** What differs between two specs of a run, in words; empty where nothing does. */
export function describeChange(before: RunSpec, after: RunSpec): string {
  return [
    ...differences('policy.timeouts', before.policy.timeouts, after.policy.timeouts),
    ...differences('labels', before.labels, after.labels),
    ...priorityDifference(before, after),
  ].join(', ');
}

function priorityDifference(before: RunSpec, after: RunSpec): string[] {
  const [old, now] = [capacityOf(before).priority, capacityOf(after).priority];
  return old === now ? [] : [`priority: ${old} → ${now}`];
}

function differences(where: string, before: object, after: object): string[] {
  const [old, now] = [before, after] as Record<string, string | undefined>[];
  const names = Object.keys({ ...before, ...after });
  return names
    .filter((name) => old![name] !== now![name])
    .map((name) => `${where}.${name}: ${old![name] ?? 'none'} → ${now![name] ?? 'none'}`);
}
