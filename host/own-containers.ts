import type { AttemptIdentity } from '../contract/activities';
import { LABELS } from '../contract/names';
import type { ContainerSummary, Engine } from '../docker/engine';

/** The containers of this installation on an engine that carry the labels, running or not. */
export function ownContainers(
  engine: Engine,
  { installation }: { installation: string },
  labels: Record<string, string>,
): Promise<ContainerSummary[]> {
  return engine.listContainers({ [LABELS.installation]: installation, ...labels });
}

/** Whose container it is, by its labels. */
export function readIdentity(labels: Record<string, string>): AttemptIdentity {
  return {
    runId: labels[LABELS.run] ?? '',
    attempt: Number(labels[LABELS.attempt]),
    epoch: Number(labels[LABELS.epoch]),
  };
}

/** The containers of an attempt; one of a newer epoch, which a call that comes too late must leave alone, is not among them. */
export async function attemptContainers(
  engine: Engine,
  host: { installation: string },
  { runId, attempt, epoch }: AttemptIdentity,
): Promise<ContainerSummary[]> {
  const found = await ownContainers(engine, host, { [LABELS.run]: runId, [LABELS.attempt]: String(attempt) });
  return found.filter(({ labels }) => readIdentity(labels).epoch <= epoch);
}
