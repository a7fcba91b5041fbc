import type { AttemptIdentity } from '../contract/activities';
import { LABELS } from '../contract/names';
import { timeLimit } from '../contract/time-limit';
import type { Engine } from '../docker/engine';
import type { RunStanding } from '../policy/reconcile';
import { readAmounts } from './container-amounts';
import { LIST_PATIENCE_MS, ownContainers, readIdentity } from './own-containers';

/** A container of ours, or a local process, that runs and was given GPUs. */
export interface GpuHolder extends AttemptIdentity {
  containerId: string;
  gpuIds: string[];
}

const HOLDING = ['running', 'paused', 'restarting'];

/**
 * Who on this host has which GPUs, by the labels of containers: a worker that has just started knows it as well.
 *
 * @param form labels of those that are looked for beside that of the host; the engine is not asked for local processes.
 */
export async function gpuHolders(
  engine: Pick<Engine, 'listContainers'>,
  { name, installation }: { name: string; installation: string },
  form: Record<string, string> = {},
): Promise<GpuHolder[]> {
  const labels = { [LABELS.host]: name, ...form };
  const containers = await ownContainers(engine, { installation }, labels, timeLimit(LIST_PATIENCE_MS));
  return containers
    .filter(({ labels: own, state }) => own[LABELS.gpus] !== undefined && HOLDING.includes(state))
    .map(({ id, labels: own }) => ({ ...readIdentity(own), containerId: id, gpuIds: readAmounts(own).gpuIds }));
}

/** Why a holder should have nothing any more, in half a sentence; null where its lease is good. */
export function overdue({ epoch }: Pick<GpuHolder, 'epoch'>, standing: RunStanding): string | null {
  switch (standing.state) {
    case 'live':
      return epoch < standing.epoch ? 'whose lease was revoked' : null;
    case 'ended':
      return 'which has ended';
    case 'unknown':
      return 'which Temporal does not know';
    default:
      return standing satisfies never;
  }
}
