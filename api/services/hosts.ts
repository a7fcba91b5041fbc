import type { HostDetail } from '../../contract/pool-http';
import type { HostIntent, PoolHostFacts, PoolHostView, PoolView } from '../../contract/pool';
import { poolFactsOf } from '../../policy/pool/host-facts';
import type { HostReport } from '../../store/run-store';
import { ProblemError } from '../problem-error';
import { poolAnswered } from './pool-answer';
import type { Services } from './services';

/** All hosts, by name: as each last reported, and what its pool makes of it. */
export async function listHosts(services: Services): Promise<HostDetail[]> {
  const reports = await services.pools.reports();
  const found = await Promise.all([...reports].map(([pool, ofPool]) => hostsOfPool(services, pool, ofPool)));
  return found.flat().toSorted((one, other) => (one.name < other.name ? -1 : 1));
}

async function hostsOfPool({ pools }: Services, pool: string, reports: readonly HostReport[]): Promise<HostDetail[]> {
  if (reports.length === 0) return [];
  return describeHosts(reports, await pools.view(pool));
}

/** @throws {ProblemError} `not-found`. */
export async function lookAtHost(services: Services, name: string): Promise<HostDetail> {
  const { pool, report } = await findHost(services, name);
  const [host] = describeHosts([report], await services.pools.view(pool));
  return host!;
}

/**
 * Tells a pool what an operator wants of one of its hosts.
 *
 * @throws {ProblemError} `not-found`, `change-unconfirmed`, `temporal-unavailable`.
 */
export async function changeHost(
  services: Services,
  name: string,
  intent: HostIntent,
  by = 'the API',
): Promise<HostDetail> {
  const { pool, report } = await findHost(services, name);
  const answer = await services.temporal.pools.changeHost(pool, { host: name, intent, by });
  if ('refusal' in answer && answer.refusal === 'unknown-host') {
    const detail = `The pool "${pool}" has not heard of the host "${name}" yet; send the request again in a moment.`;
    throw new ProblemError('not-known-yet', detail, { headers: { 'retry-after': '5' } });
  }
  const [host] = describeHosts([report], poolAnswered(answer, `the host "${name}"`));
  return host!;
}

/** @throws {ProblemError} `not-found`. */
export async function findHost({ pools }: Services, name: string): Promise<{ pool: string; report: HostReport }> {
  for (const [pool, reports] of await pools.reports()) {
    const report = reports.find((candidate) => candidate.name === name);
    if (report !== undefined) return { pool, report };
  }
  throw new ProblemError('not-found', `There is no host "${name}"; GET /v1/hosts lists those there are.`);
}

export function describeHosts(reports: readonly HostReport[], view: PoolView | null): HostDetail[] {
  const nowMs = Date.now();
  const overcommit = view?.settings.cpuOvercommit ?? 1;
  return reports.map((report): HostDetail => {
    const seen = view?.hosts.find(({ name }) => name === report.name);
    return seen === undefined ? unseen(report, nowMs) : { ...report, source: 'pool', ...standingOf(seen, overcommit) };
  });
}

type Standing = Pick<HostDetail, 'state' | 'intent' | 'used' | 'free' | 'runs' | 'unleased'>;

function standingOf(host: PoolHostView, overcommit: number): Standing {
  const { state, intent, usedCpus, usedMemoryBytes, usedGpuIds, runs, unleased = [] } = host;
  return {
    state,
    intent,
    used: { cpus: usedCpus, memoryBytes: usedMemoryBytes, gpus: usedGpuIds },
    free: {
      cpus: Math.max(0, host.cpus * overcommit - usedCpus),
      memoryBytes: Math.max(0, host.memoryBytes - usedMemoryBytes),
      gpus: freeGpus(host),
    },
    runs,
    unleased,
  };
}

function freeGpus({ gpus, usedGpuIds }: PoolHostView): string[] {
  return gpus.filter(({ id, trouble }) => trouble === null && !usedGpuIds.includes(id)).map(({ id }) => id);
}

function unseen(report: HostReport, nowMs: number): HostDetail {
  const [facts] = poolFactsOf([report], nowMs);
  const nobodyKnows = { used: null, free: null, runs: [], unleased: [] };
  return { ...report, source: 'reports', state: stateOf(facts!), intent: 'none', ...nobodyKnows };
}

export function stateOf({ contact }: PoolHostFacts): HostDetail['state'] {
  return contact === 'ok' ? 'ready' : contact;
}
