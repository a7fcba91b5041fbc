import type { HostReport } from '../../contract/host';
import type { HostIntent, PoolHostView } from '../../contract/pool';
import { formatDuration } from '../../contract/units';
import { HOST_LOST_MS, poolFactsOf } from '../../policy/pool/host-facts';
import { ProblemError } from '../problem-error';
import { changeHost, findHost } from './hosts';
import type { Services } from './services';

/**
 * Takes a host out that is lost and holds no leases any more: its report, and what an operator wanted of it. Its pool forgets it by
 * itself, as it does with each host that is not in the reports. One that reports again comes back as a new one.
 *
 * @throws {ProblemError} `not-found`, `host-in-use`, `not-known-yet`, `change-unconfirmed`, `temporal-unavailable`.
 */
export async function removeHost(services: Services, name: string): Promise<void> {
  const { runStore, pools, temporal } = services;
  const { pool, report } = await findHost(services, name);
  checkIsLost(report);
  const host = (await temporal.pools.view(pool))?.hosts.find((one) => one.name === name);
  checkHoldsNothing(host, name, pool);
  await changeIntent(services, host, 'none');
  if (!(await runStore.removeHost(name, report.reportedAt))) {
    await changeIntent(services, host, host.intent);
    throw inUse(`The host "${name}" has just reported. ${STOP_FIRST}`);
  }
  pools.changed(pool);
}

const STOP_FIRST = `Stop its worker first; ${formatDuration(HOST_LOST_MS)} after its last report it counts as lost and can be removed.`;

const inUse = (detail: string): ProblemError => new ProblemError('host-in-use', detail);

function checkIsLost(report: HostReport): void {
  const [facts] = poolFactsOf([report], Date.now());
  if (facts!.contact === 'lost') return;
  const how = facts!.contact === 'ok' ? 'reports' : 'has reported just now';
  throw inUse(`The host "${report.name}" ${how}, the last time at ${report.reportedAt}. ${STOP_FIRST}`);
}

/** Only the pool knows, so that nothing is removed while it does not say. */
function checkHoldsNothing(host: PoolHostView | undefined, name: string, pool: string): asserts host is PoolHostView {
  if (host === undefined) {
    const detail = `The pool "${pool}" does not say what the host "${name}" holds; send the request again in a moment.`;
    throw new ProblemError('not-known-yet', detail, { headers: { 'retry-after': '5' } });
  }
  if (host.runs.length === 0) return;
  const runs = host.runs.map((run) => `"${run}"`).join(', ');
  throw inUse(
    `The host "${name}" holds the place of ${runs}. Cancel what is not needed any more; the rest leaves it when \`policy.timeouts.unreachable\` is over.`,
  );
}

async function changeIntent(services: Services, { name, intent }: PoolHostView, wanted: HostIntent): Promise<void> {
  if (intent === 'none') return;
  await changeHost(services, name, wanted);
}
