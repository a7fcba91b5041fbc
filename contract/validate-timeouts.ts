import type { Fault } from './fault';
import type { Retries, Timeouts } from './spec';
import { formatDuration, parseDuration, writeDuration } from './units';

/** Times of a policy as they were written, before any default. */
export type WrittenTimes = Partial<Record<string, unknown>>;

const YEAR_MS = 365 * 86_400_000;
const HOUR_MS = 3_600_000;
/** Hosts look at their containers every two seconds; a shorter silence is none. */
const LEAST_SILENCE_MS = 1000;
/** What lies within the run as a whole. `grace` comes after it, and `pullSilence` is a silence, not a length. */
const PARTS = ['queued', 'pull', 'start', 'running'] as const;
/** Zero has a meaning here: kill at once. Anywhere else the run could never get further. */
const MAY_BE_ZERO: readonly string[] = ['grace'];

/**
 * The timeouts of a run, made to fit each other. Defaults give way to what was written, never the other way round: a part
 * that was left out is at most the total, and a total that was left out is long enough for the longest wait and the longest
 * attempt together. Only what was written and cannot be had is a fault.
 *
 * @param timeouts with every default filled in.
 */
export function fitTimeouts(timeouts: Timeouts, written: WrittenTimes): { timeouts: Timeouts; faults: Fault[] } {
  const { warnSignal, ...durations } = timeouts;
  const faults = Object.entries(durations).flatMap(([name, text]) => limitFaults(name, text));
  if (warnSignal !== undefined && timeouts.warn === undefined) faults.push(SIGNAL_OF_NOTHING);
  if (faults.length > 0) return { timeouts, faults };

  const total = written['total'] === undefined ? roomyTotal(timeouts) : timeouts.total;
  const fitted = { ...timeouts, total };
  for (const part of PARTS) {
    if (parseDuration(timeouts[part]) <= parseDuration(total)) continue;
    if (written[part] === undefined) fitted[part] = total;
    else faults.push(partFault(part, timeouts[part], total));
  }
  if (faults.length === 0) faults.push(...insideFaults(fitted));
  return { timeouts: fitted, faults };
}

const SIGNAL_OF_NOTHING: Fault = {
  path: 'policy.timeouts.warnSignal',
  message:
    'is sent only where `policy.timeouts.warn` says how long before a limit; add that, such as "2m", or leave this out',
};

/** What begins to count within an attempt, and could never happen if it were as long. */
function insideFaults({ silence, warn, running }: Timeouts): Fault[] {
  const inside = Object.entries({ silence, warn }).filter(([, text]) => text !== undefined) as [string, string][];
  return inside
    .filter(([, text]) => parseDuration(text) >= parseDuration(running))
    .map(([name, text]) => ({
      path: `policy.timeouts.${name}`,
      message: `must be less than \`policy.timeouts.running\` (${running}), within which it counts; got "${text}"; lower it, or raise the other`,
    }));
}

/** The waits between attempts, made to fit each other in the same way. */
export function fitDelays(retries: Retries, written: WrittenTimes): { retries: Retries; faults: Fault[] } {
  const delayMs = parseDuration(retries.delay);
  const maxDelayMs = parseDuration(retries.maxDelay);
  const faults = [
    ...tooLong('policy.retries.delay', retries.delay, YEAR_MS),
    ...tooLong('policy.retries.maxDelay', retries.maxDelay, YEAR_MS),
  ];
  if (faults.length > 0 || delayMs <= maxDelayMs) return { retries, faults };
  if (written['maxDelay'] === undefined) return { retries: { ...retries, maxDelay: retries.delay }, faults };
  if (written['delay'] === undefined) return { retries: { ...retries, delay: retries.maxDelay }, faults };
  const message = `must be at least \`policy.retries.delay\` (${retries.delay}); got "${retries.maxDelay}"; raise it, or lower the delay`;
  return { retries, faults: [{ path: 'policy.retries.maxDelay', message }] };
}

function roomyTotal({ queued, pull, start, running, total }: Timeouts): string {
  const needed = Math.max(parseDuration(queued) + parseDuration(running), parseDuration(pull), parseDuration(start));
  return needed <= parseDuration(total) ? total : writeDuration(Math.min(needed, YEAR_MS));
}

function limitFaults(name: string, text: string): Fault[] {
  const path = `policy.timeouts.${name}`;
  if (parseDuration(text) === 0 && !MAY_BE_ZERO.includes(name)) {
    return [{ path, message: `must be more than 0; got "${text}"; write a duration such as "5m"` }];
  }
  if (name === 'silence' && parseDuration(text) < LEAST_SILENCE_MS) {
    return [{ path, message: `must be at least 1s; got "${text}"` }];
  }
  return tooLong(path, text, name === 'grace' ? HOUR_MS : YEAR_MS);
}

function tooLong(path: string, text: string, limitMs: number): Fault[] {
  if (parseDuration(text) <= limitMs) return [];
  return [{ path, message: `must be at most ${formatDuration(limitMs)}; got "${text}"` }];
}

function partFault(part: string, text: string, total: string): Fault {
  return {
    path: `policy.timeouts.${part}`,
    message: `must be at most \`policy.timeouts.total\` (${total}), of which it is a part; got "${text}"; raise the total, or lower this`,
  };
}
