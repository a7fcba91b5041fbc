import type { Config } from '../config/config';
import type { Engine } from '../docker/engine';
import type { Quarantine } from '../policy/gpu-quarantine';
import type { RunStanding } from '../policy/reconcile';
import type { FoundGpu, GpuInventory } from './gpu-inventory';
import { gpuHolders, overdue, type GpuHolder } from './gpu-holders';
import type { GpuUser } from './gpu-output';

export interface TroubleDeps {
  engine: Pick<Engine, 'listContainers' | 'containerPids'>;
  inventory: GpuInventory;
  config: { host: Pick<Config['host'], 'name' | 'installation'> };
  /** How a run stands in Temporal; rejects while that is away. */
  standingOf: (runId: string) => Promise<RunStanding>;
}

type Trouble = Omit<Quarantine, 'freeLooks'>;

/** By id of the GPU: what is wrong; null where it is free of trouble. One that nobody could look at is not in it. */
export type FoundTrouble = ReadonlyMap<string, Trouble | null>;

/**
 * Looks who has the GPUs: containers of runs that should have them no more, and processes that belong to no container of
 * ours. Where the engine, Temporal or the driver does not answer, only what is certain is said.
 */
export async function findTrouble(deps: TroubleDeps, gpus: readonly FoundGpu[]): Promise<FoundTrouble> {
  const found = new Map<string, Trouble | null>();
  if (gpus.length === 0) return found;
  const holders = await gpuHolders(deps.engine, deps.config.host).catch(() => null);
  if (holders === null) return found;
  const kept = await notFreed(deps, holders);
  const strangers = await strangersOn(deps, holders);
  for (const gpu of gpus) {
    const pids = strangers?.filter(({ gpuId }) => [gpu.id, gpu.parent].includes(gpuId)).map(({ pid }) => pid) ?? [];
    const held = kept.get(gpu.id) ?? null;
    if (held !== null && held !== 'unknown') found.set(gpu.id, held);
    else if (pids.length > 0) found.set(gpu.id, usedFromOutside(pids));
    else if (held === null && strangers !== null) found.set(gpu.id, null);
  }
  return found;
}

function usedFromOutside(pids: readonly number[]): Trouble {
  const list = pids.join(', ');
  const detail =
    pids.length === 1
      ? `Process ${list} computes on it and belongs to no run of this server.`
      : `Processes ${list} compute on it and belong to no run of this server.`;
  return { trouble: 'used-from-outside', detail };
}

/** GPUs that containers have whose lease is over, by id; `unknown` where nobody can say whether it is. */
async function notFreed(
  { standingOf }: TroubleDeps,
  holders: readonly GpuHolder[],
): Promise<Map<string, Trouble | 'unknown'>> {
  const kept = new Map<string, Trouble | 'unknown'>();
  for (const holder of holders) {
    const why = await standingOf(holder.runId).then(
      (standing) => overdue(holder, standing),
      () => 'unknown' as const,
    );
    if (why === null) continue;
    const detail = `The container of attempt ${holder.attempt} of run ${holder.runId}, ${why}, still has it.`;
    for (const id of holder.gpuIds) {
      const trouble = why === 'unknown' ? why : { trouble: 'not-freed' as const, detail };
      if (kept.get(id) === undefined || trouble !== 'unknown') kept.set(id, trouble);
    }
  }
  return kept;
}

/** Null where the driver does not say who uses its GPUs. */
async function strangersOn(
  { inventory, engine }: TroubleDeps,
  holders: readonly GpuHolder[],
): Promise<GpuUser[] | null> {
  try {
    const users = await inventory.users();
    if (users.length === 0) return [];
    const pids = await Promise.all(holders.map(({ containerId }) => engine.containerPids(containerId)));
    const own = new Set(pids.flat());
    const strangers = users.filter(({ pid }) => !own.has(pid));
    if (strangers.length === 0) return [];
    // One of ours may have ended between the two questions.
    const still = await inventory.users();
    return strangers.filter(({ gpuId, pid }) => still.some((user) => user.gpuId === gpuId && user.pid === pid));
  } catch {
    // Its list tells what is wrong with the driver.
    return null;
  }
}
