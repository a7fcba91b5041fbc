import type { PoolCore } from '../policy/pool/core';
import type { PoolHostView, QueuedRunView } from '../contract/pool';

/** Runs that are told by name; the query `pool` tells of all. */
const TOLD_RUNS = 20;
/** A pool with more runs than this is told by its numbers alone: to look at all of it takes time in each turn. */
const MOST_RUNS = 500;

/** A pool in words, for people who look at it in the Temporal Web UI. */
export function tellPool(core: PoolCore, nowMs: number): string {
  const runs = core.holders().length;
  if (runs > MOST_RUNS) return `${runs} runs wait or hold leases; the query \`pool\` tells of them.`;
  const { name, hosts, queue, queued, leases } = core.view(nowMs);
  return [
    `Pool **${name}**: ${hosts.length} hosts, ${leases.length} leases, ${queued} runs wait.`,
    '',
    ...hosts.map(tellHost),
    ...queue.slice(0, TOLD_RUNS).map(tellQueued),
    ...(queued > TOLD_RUNS ? [`- and ${queued - TOLD_RUNS} more`] : []),
  ].join('\n');
}

function tellHost(host: PoolHostView): string {
  const { name, state, refuses, usedCpus, cpus, usedGpuIds, gpus, runs } = host;
  const trouble = refuses === null ? '' : `, ${refuses}`;
  return `- host **${name}** is ${state}${trouble}: ${usedCpus} of ${cpus} CPUs, ${usedGpuIds.length} of ${gpus.length} GPUs, ${runs.length} runs`;
}

function tellQueued({ place, runId, priority, waitsFor }: QueuedRunView): string {
  return `${place}. \`${runId}\` (priority ${priority}): ${waitsFor}`;
}
