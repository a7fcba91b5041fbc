import type { RunExplanation } from '../contract/pool-http';
import { relativeTime, size } from './format';

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

/** What a run holds of its hosts, and why it was given that. */
export function leaseRows(lease: RunExplanation['lease']): [string, string][] {
  if (lease === null) return [];
  return [
    ...lease.nodes.map(({ host, cpus, memoryBytes, gpuIds, asProcess }): [string, string] => {
      const what = asProcess ? ['a local process'] : [`${cpus} CPUs`, `${size(memoryBytes)} of memory`, ...gpuIds];
      return ['holds', `${what.join(', ')} of ${host}, since ${lease.grantedAt}`];
    }),
    ['because', lease.because],
  ];
}
