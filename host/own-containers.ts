import type { AttemptIdentity } from '../contract/activities';
import { LABELS, PROCESS_FORM } from '../contract/names';
import type { ContainerSummary, Engine } from '../docker/engine';

/**
 * How long an engine may take to list its containers where the start of a worker waits for that: one that is frozen takes
 * the question and says nothing, and the worker could not even tell of it.
 */
export const LIST_PATIENCE_MS = 5000;

/** The containers of this installation on an engine that carry the labels, running or not. */
export function ownContainers(
  engine: Pick<Engine, 'listContainers'>,
  { installation }: { installation: string },
  labels: Record<string, string>,
  signal?: AbortSignal,
): Promise<ContainerSummary[]> {
  return engine.listContainers({ [LABELS.installation]: installation, ...labels }, signal);
}

/**
 * Of an attempt that is a local process only processes are looked for, which needs no Docker Engine: a container that the
 * attempt may have had before was proven gone, or its epoch is revoked.
 */
export function formLabel({ asProcess }: Pick<AttemptIdentity, 'asProcess'>): Record<string, string> {
  return asProcess ? { [LABELS.form]: PROCESS_FORM } : {};
}

export const isProcess = ({ labels }: Pick<ContainerSummary, 'labels'>): boolean =>
  labels[LABELS.form] === PROCESS_FORM;

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
  { runId, attempt, epoch, asProcess }: AttemptIdentity,
): Promise<ContainerSummary[]> {
  const labels = { [LABELS.run]: runId, [LABELS.attempt]: String(attempt), ...formLabel({ asProcess }) };
  const found = await ownContainers(engine, host, labels);
  return found.filter(({ labels }) => readIdentity(labels).epoch <= epoch);
}
