import { counted } from '../../contract/counted';
import type { LeaseRequest, Quota } from '../../contract/pool';
import { thousandths } from './host';
import type { Amounts, Pool } from './pool';

const NONE: Amounts = { runs: 0, cpus: 0, gpus: 0 };

/** What keeps a request from a lease although there is room: in half a sentence; null where nothing does. */
export function quotaProblem(pool: Pool, request: LeaseRequest): string | null {
  const { project, owner } = request;
  const { projectQuotas, ownerQuotas } = pool.settings;
  return (
    problemWith(`project ${project}`, quotaOf(projectQuotas, project), pool.projects.get(project), request) ??
    problemWith(`owner ${owner}`, quotaOf(ownerQuotas, owner), pool.owners.get(owner), request)
  );
}

/** Whether {@link quotaProblem} finds one, without the words. */
export function exceedsQuota(pool: Pool, request: LeaseRequest): boolean {
  return exceedsProjectQuota(pool, request) || exceedsOwnerQuota(pool, request);
}

/** The same for all of a project that ask for as much. */
export function exceedsProjectQuota(pool: Pool, request: LeaseRequest): boolean {
  const quota = quotaOf(pool.settings.projectQuotas, request.project);
  return quota !== undefined && exceeded(quota, pool.projects.get(request.project), request) !== null;
}

export function exceedsOwnerQuota(pool: Pool, request: LeaseRequest): boolean {
  const quota = quotaOf(pool.settings.ownerQuotas, request.owner);
  return quota !== undefined && exceeded(quota, pool.owners.get(request.owner), request) !== null;
}

/** What is set for a project or an owner, or else for all. */
export function quotaOf(quotas: Record<string, Quota>, name: string): Quota | undefined {
  if (!hasAny(quotas)) return undefined;
  if (Object.hasOwn(quotas, name)) return quotas[name];
  return Object.hasOwn(quotas, '*') ? quotas['*'] : undefined;
}

/** Most pools have none, and all who wait are asked for theirs at each decision. */
function hasAny(quotas: Record<string, Quota>): boolean {
  for (const name in quotas) if (Object.hasOwn(quotas, name)) return true;
  return false;
}

function problemWith(
  who: string,
  quota: Quota | undefined,
  held: Amounts | undefined,
  request: LeaseRequest,
): string | null {
  const over = quota && exceeded(quota, held, request);
  if (!over) return null;
  const { what, most, holds, asks } = over;
  if (asks > most) return `it asks for ${counted(asks, what)}, more than the quota of ${who}, which is ${most}`;
  return `${who} holds ${counted(holds, what)} and its quota is ${most}`;
}

function exceeded(
  quota: Quota,
  held: Amounts = NONE,
  { nodes, cpus, gpus }: LeaseRequest,
): { what: string; most: number; holds: number; asks: number } | null {
  const { runs, cpus: mostCpus, gpus: mostGpus } = quota;
  if (runs !== undefined && held.runs + 1 > runs) return { what: 'run', most: runs, holds: held.runs, asks: 1 };
  const moreCpus = nodes * thousandths(cpus);
  if (mostCpus !== undefined && held.cpus + moreCpus > thousandths(mostCpus)) {
    return { what: 'CPU', most: mostCpus, holds: held.cpus / 1_000, asks: moreCpus / 1_000 };
  }
  if (mostGpus !== undefined && gpus > 0 && held.gpus + nodes * gpus > mostGpus) {
    return { what: 'GPU', most: mostGpus, holds: held.gpus, asks: nodes * gpus };
  }
  return null;
}
