import { stringify } from 'yaml';

import type { PoolDetail, PoolReservation, PoolSummary, QueuedRun } from '../contract/pool-http';
import { color, labelled, relativeTime, rounded, size, table } from './format';
import { tableOfUnleased } from './unleased-table';

/** The table of `trainyard pools`. */
export function tableOfPools(pools: readonly PoolSummary[]): string[] {
  return table(
    ['NAME', 'HOSTS', 'CPUS', 'MEMORY', 'GPUS', 'RUNS', 'QUEUED'],
    pools.map(({ name, hosts, readyHosts, cpus, memoryBytes, gpus, running, queued, source }) => [
      name,
      readyHosts === hosts ? String(hosts) : `${readyHosts}/${hosts} ready`,
      source === 'pool' ? `${rounded(cpus.used)}/${rounded(cpus.all)}` : rounded(cpus.all),
      source === 'pool' ? `${size(memoryBytes.used)}/${size(memoryBytes.all)}` : size(memoryBytes.all),
      source === 'pool' ? `${gpus.used}/${gpus.all}` : String(gpus.all),
      source === 'pool' ? String(running) : '-',
      String(queued),
    ]),
  );
}

/** A pool without its queue, for `trainyard pools show`. */
export function describePool(pool: PoolDetail, colors: boolean): string[] {
  const heading = (text: string): string[] => ['', color(text, 1, colors)];
  const { projects, owners, reservations, settings, hostNames, unleased } = pool;
  return [
    ...tableOfPools([pool]),
    ...labelled([['hosts', hostNames.join(', ')]]),
    ...(unleased.length === 0 ? [] : [...heading('Containers without a lease'), ...tableOfUnleased(unleased)]),
    ...heading('Settings'),
    stringify(settings).trimEnd(),
    ...(projects.length === 0 ? [] : [...heading('Projects'), ...tableOfProjects(pool)]),
    ...(owners.length === 0 ? [] : [...heading('Owners of runs that wait'), ...tableOfOwners(pool)]),
    ...(reservations.length === 0 ? [] : [...heading('Reservations'), ...tableOfReservations(reservations)]),
  ];
}

function tableOfProjects({ projects }: PoolDetail): string[] {
  return table(
    ['PROJECT', 'WEIGHT', 'RUNS', 'CPUS', 'GPUS', 'QUEUED'],
    projects.map(({ project, weight, runs, cpus, gpus, queued }) => [
      project,
      String(weight),
      String(runs),
      rounded(cpus),
      String(gpus),
      String(queued),
    ]),
  );
}

function tableOfOwners({ owners }: PoolDetail): string[] {
  return table(
    ['OWNER', 'QUEUED', 'AT MOST'],
    owners.map(({ owner, queued, mostQueued }) => [owner, String(queued), String(mostQueued ?? '-')]),
  );
}

/** The table of `trainyard queue`. */
export function tableOfQueue(queue: readonly QueuedRun[], nowMs: number): string[] {
  return table(
    ['#', 'ID', 'PRIORITY', 'PROJECT', 'OWNER', 'ASKS FOR', 'SUBMITTED', 'STARTS', 'WHY'],
    queue.map((run) => [
      String(run.place),
      run.runId,
      priorityOf(run),
      run.project,
      run.owner,
      asksFor(run),
      relativeTime(run.submittedAt, nowMs),
      run.estimatedStart === null ? '-' : relativeTime(run.estimatedStart, nowMs),
      `it ${run.waitsFor}`,
    ]),
  );
}

/** With what it gained by waiting: `50+3`. */
function priorityOf({ priority, effectivePriority }: QueuedRun): string {
  const gained = Math.floor(effectivePriority - priority);
  return gained > 0 ? `${priority}+${gained}` : String(priority);
}

function asksFor({ nodes, gpus, cpus, memoryBytes }: QueuedRun): string {
  const gpuText = gpus > 0 ? `${gpus} GPU, ` : '';
  const each = `${gpuText}${rounded(cpus)} CPU, ${size(memoryBytes)}`;
  return nodes > 1 ? `${nodes} x (${each})` : each;
}

/** The table of `trainyard reservations`. */
export function tableOfReservations(reservations: readonly PoolReservation[]): string[] {
  return table(
    ['ID', 'POOL', 'PROJECT', 'GPUS', 'FROM', 'UNTIL', 'BY'],
    reservations.map(({ id, pool, project, gpus, gpuModel, from, until, by }) => [
      id,
      pool,
      project,
      gpuModel === null ? String(gpus) : `${gpus} ${gpuModel}`,
      from,
      until,
      by,
    ]),
  );
}
