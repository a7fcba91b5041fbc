import type { EndReason } from '../contract/reason';
import type { RunSpec } from '../contract/spec';
import { formatDuration, parseDuration } from '../contract/units';
import type { Ending } from './outcome';

/** When an attempt of a past run was, as far as its limits go; null where it is not known. */
export interface PastTimes {
  /** From the submission of the run to the start of the container. */
  startedAfterMs: number | null;
  /** From the start of the container to its end. */
  ranMs: number | null;
}

/** Timeouts by name; which there are is for the spec to say. */
type Limits = Readonly<Record<string, string | undefined>>;

/** The limit that an attempt ended by, where it did by one. */
const LIMIT_OF: Partial<Record<EndReason, string>> = {
  'queued-timeout': 'queued',
  'pull-timeout': 'pull',
  'pull-silent': 'pullSilence',
  'start-timeout': 'start',
  'running-timeout': 'running',
  silent: 'silence',
  'host-lost': 'unreachable',
  'total-timeout': 'total',
};

/** The ending of an attempt that the timeouts of a policy would have stopped before it ended; null where they would not. */
export function overrunOf(
  times: PastTimes,
  timeouts: RunSpec['policy']['timeouts'],
): (Ending & { story: string }) | null {
  const { startedAfterMs, ranMs } = times;
  if (ranMs === null) return null;
  const runningLeft = parseDuration(timeouts.running);
  const totalLeft = startedAfterMs === null ? Infinity : parseDuration(timeouts.total) - startedAfterMs;
  const limitMs = Math.min(runningLeft, totalLeft);
  if (ranMs <= limitMs) return null;
  const name = runningLeft <= totalLeft ? 'running' : 'total';
  const timeout = timeouts[name];
  const story = `it would have been stopped after ${formatDuration(Math.max(0, limitMs))} (policy.timeouts.${name} is ${timeout}); it ran for ${formatDuration(ranMs)}`;
  return { reason: `${name}-timeout`, exitCode: null, detail: { timeout }, story };
}

/** Why an attempt that a limit ended would have gone on under longer timeouts; null where it would have ended all the same. */
export function reprieveOf(reason: EndReason, then: Limits, now: Limits): string | null {
  const name = LIMIT_OF[reason];
  const [before, after] = name === undefined ? [] : [then[name], now[name]];
  if (before === undefined || after === undefined || parseDuration(after) <= parseDuration(before)) return null;
  return `policy.timeouts.${name} is ${after}, and ended it at ${before}; how it would have ended cannot be known`;
}
