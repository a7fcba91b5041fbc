import type { RunExplanation } from '../contract/pool-http';
import { relativeTime } from './format';

/** What is known of a run that waits, beside the sentence that says for what; nothing of any other. */
export function explanationRows({ waiting }: RunExplanation, nowMs: number): [string, string | null][] {
  if (waiting === null) return [];
  const { place, queued, freedBy, estimatedStart } = waiting;
  return [
    ['place', `${place} of ${queued}`],
    ['freed by', freedBy],
    [
      'starts',
      estimatedStart === null ? null : `${estimatedStart} (${relativeTime(estimatedStart, nowMs)}) at the latest`,
    ],
  ];
}
