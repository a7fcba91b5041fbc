import { LABELS } from '../contract/names';
import type { LeaseNode } from '../contract/pool';

type Amounts = Pick<LeaseNode, 'cpus' | 'memoryBytes' | 'gpuIds'>;

/** Labels that say what a container was given: who looks at an engine needs no other record to know it. */
export function amountLabels({ cpus, memoryBytes, gpuIds }: Amounts): Record<string, string> {
  return {
    [LABELS.cpus]: String(cpus),
    [LABELS.memory]: String(memoryBytes),
    // Ids of the driver have no commas.
    ...(gpuIds.length > 0 && { [LABELS.gpus]: gpuIds.join(',') }),
  };
}

/** What the labels of a container say that it was given; nothing of what they do not tell. */
export function readAmounts(labels: Record<string, string>): Amounts {
  return {
    cpus: Number(labels[LABELS.cpus] ?? 0),
    memoryBytes: Number(labels[LABELS.memory] ?? 0),
    gpuIds: (labels[LABELS.gpus] ?? '').split(',').filter((id) => id !== ''),
  };
}
