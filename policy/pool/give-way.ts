import { askToLeave } from './holds';
import type { Pool } from './pool';
import { byLoss } from './offers';
import { missingAt } from './reserved';
import { isNamed } from './shape';
import type { Decision, Held } from './state';
import { clockText } from './words';

/** Asks the preemptible runs of hosts that are drained to go. */
export function drain(pool: Pool): Decision[] {
  const leases = new Map(
    pool.draining.flatMap((host) => [...host.held].map(([runId, held]) => [runId, { held, host }])),
  );
  return [...leases.values()]
    .filter(({ held }) => isUnasked(held))
    .map(({ held, host }) => askToLeave(pool, held, null, `host ${host.name} is drained`));
}

/** Asks preemptible runs to go that hold what is reserved by now for another project; those first that lose least. */
export function clearReserved(pool: Pool, nowMs: number): Decision[] {
  if (!pool.settings.preemption) return [];
  return missingAt(pool, nowMs).flatMap(({ reservation, missing }) => {
    if (missing <= 0) return [];
    const { project, gpuModel, until } = reservation;
    const held = [...pool.held.values()].filter(({ request }) => request.project !== project);
    const takes = (lease: Held): number => gpusOf(pool, lease, gpuModel);
    let left = missing - held.filter(({ told }) => told !== null).reduce((sum, lease) => sum + takes(lease), 0);
    const decisions: Decision[] = [];
    for (const lease of held.filter((each) => isUnasked(each) && takes(each) > 0).toSorted(byLoss)) {
      if (left <= 0) break;
      left -= takes(lease);
      const because = `its GPUs are reserved for project ${project} until ${clockText(Date.parse(until), nowMs)}`;
      decisions.push(askToLeave(pool, lease, null, because));
    }
    return decisions;
  });
}

const isUnasked = ({ request, told }: Held): boolean => request.preemptible && told === null;

function gpusOf(pool: Pool, { lease }: Held, model: string | null): number {
  return lease.nodes
    .flatMap(({ host, gpuIds }) => gpuIds.map((id) => pool.hostNamed.get(host)?.usable.get(id)))
    .filter((gpu) => gpu && isNamed(gpu.model, model)).length;
}
