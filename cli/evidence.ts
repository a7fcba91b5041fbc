import type { AttemptDetail, RunDetail } from '../contract/http';
import { type EndReason, REASONS } from '../contract/reason';
import { color, duration, size } from './format';
import { lastState } from './printable';

/** What is known of each attempt that failed, for people: why, with what evidence, and what it printed last. */
export function describeFailures(
  attempts: readonly AttemptDetail[],
  spec: RunDetail['spec'],
  colors: boolean,
): string[] {
  const failed = attempts.filter(({ reason }) => reason !== null && hasFailed(reason));
  return failed.flatMap((attempt) => [
    '',
    color(`Attempt ${attempt.number}`, 1, colors),
    ...factsOf(attempt, spec),
    ...(attempt.lastLines.length > 0
      ? ['last lines', ...attempt.lastLines.map((line) => `  | ${lastState(line)}`)]
      : []),
  ]);
}

/** One that gave its place away did not. */
function hasFailed(reason: EndReason): boolean {
  const { state, retry } = REASONS[reason];
  return state === 'failed' && retry !== 'free';
}

function factsOf(attempt: AttemptDetail, spec: RunDetail['spec']): string[] {
  const { reason, message, exitCode, changes, evidence } = attempt;
  const rows: [string, string | null | undefined][] = [
    ['reason', reason],
    ['why', message],
    ['exit code', exitCode?.toString()],
    ['signal', evidence?.signal],
    ['hint', evidence?.hint?.sentence],
    ['exception', exceptionOf(attempt)],
    ['memory', memoryOf(attempt, spec)],
    ['cpu time', evidence?.cpuSeconds == null ? null : cpuTime(evidence.cpuSeconds)],
    ['step', evidence?.step?.toString()],
    ['checkpoint', evidence?.checkpoint],
    ['changed', changes.join(', ')],
  ];
  return rows.flatMap(([label, value]) => (value == null || value === '' ? [] : [`${label.padEnd(10)} ${value}`]));
}

function exceptionOf({ evidence }: AttemptDetail): string | null {
  const traceback = evidence?.traceback ?? null;
  if (traceback === null) return null;
  const text = traceback.message === '' ? traceback.type : `${traceback.type}: ${traceback.message}`;
  return text.replaceAll('\n', `\n${' '.repeat(11)}`);
}

const MEMORY_CHANGE = 'resources.memory: ';

function memoryOf({ evidence, changes }: AttemptDetail, spec: RunDetail['spec']): string | null {
  if (evidence?.peakMemoryBytes == null) return null;
  const changed = changes.find((change) => change.startsWith(MEMORY_CHANGE))?.slice(MEMORY_CHANGE.length);
  const limit = changed ?? spec?.resources?.memory;
  return `at most ${size(evidence.peakMemoryBytes)} seen in use${limit === undefined ? '' : `, of ${limit}`}`;
}

const MINUTE = 60;

function cpuTime(seconds: number): string {
  return seconds < MINUTE ? `${Number(seconds.toFixed(1))} s` : duration(seconds * 1000);
}
