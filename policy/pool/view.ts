import {
  POOL_VIEW_QUEUE,
  type PoolHostView,
  type PoolView,
  type ProjectView,
  type QueuedRunView,
} from '../../contract/pool';
import { createExplainer, type Explainer } from './explain';
import { weightOf } from './fair-share';
import { before, stateOf, type Host } from './host';
import { effectivePriority } from './order';
import { createPass } from './pass';
import type { Pool } from './pool';
import type { Entry } from './queue';

/** Runs from the front of the queue whose start is estimated where all of the pool is looked at. */
const FORESEEN = 20;

/** What people see of a pool. */
export function viewOf(pool: Pool, nowMs: number): PoolView {
  const explainer = createExplainer(createPass(pool, nowMs), FORESEEN);
  const { entries } = pool.queue;
  const queue = [...entries.values()].toSorted(explainer.pass.order.compare).slice(0, POOL_VIEW_QUEUE);
  return {
    name: pool.name,
    settings: pool.settings,
    hosts: pool.hosts.map(hostView),
    queue: queue.map((entry) => queuedView(pool, explainer, entry, nowMs)),
    queued: entries.size,
    leases: [...pool.held.values()].map(({ lease }) => lease),
    projects: projectViews(pool),
    reservations: pool.reservations,
  };
}

function hostView(host: Host): PoolHostView {
  const { facts, intent, usedCpus, usedMemory, held, unleased } = host;
  const leases = [...held.values()].map(({ lease }) => lease);
  return {
    ...facts,
    state: stateOf(host),
    intent,
    usedCpus: usedCpus / 1_000,
    usedMemoryBytes: usedMemory,
    usedGpuIds: [
      ...leases.flatMap(({ nodes }) => nodes.filter((node) => node.host === facts.name)),
      ...unleased,
    ].flatMap(({ gpuIds }) => gpuIds),
    unleased: [...unleased],
    runs: [...held.keys()],
  };
}

function queuedView(pool: Pool, explainer: Explainer, entry: Entry, nowMs: number): QueuedRunView {
  const { project, owner, priority, submittedAt, cpus, memoryBytes, gpus, nodes } = entry.request;
  return {
    ...explainer.of(entry),
    project,
    owner,
    priority,
    effectivePriority: effectivePriority(priority, entry.submittedMs, pool.settings, nowMs),
    submittedAt,
    cpus,
    memoryBytes,
    gpus,
    nodes,
  };
}

function projectViews(pool: Pool): ProjectView[] {
  const queued = new Map<string, number>();
  for (const { project, entries } of pool.queue.lines.values()) {
    queued.set(project, (queued.get(project) ?? 0) + entries.length);
  }
  const names = [...new Set([...queued.keys(), ...pool.projects.keys()])].toSorted(before);
  return names.map((project) => {
    const { runs, cpus, gpus } = pool.projects.get(project) ?? { runs: 0, cpus: 0, gpus: 0 };
    const weight = weightOf(pool.settings, project);
    return { project, weight, runs, cpus: cpus / 1_000, gpus, queued: queued.get(project) ?? 0 };
  });
}
