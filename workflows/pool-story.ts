import { counted } from '../contract/counted';
import type { PoolCore } from '../policy/pool/core';
import type { PoolHostView, QueuedRunView } from '../contract/pool';

/** Runs that are told by name; the query `pool` tells of all. */
const TOLD_RUNS = 20;
/** With more runs than this it takes more time to look at all of them than all else that a turn does. */
const MANY_RUNS = 50;
const LOOK_EVERY_MS = 10_000;

/** A pool in words, for people who look at it in the Temporal Web UI. One with many runs is not looked at in every turn. */
export class PoolStory {
  private newest = { text: '', atMs: 0 };

  constructor(private readonly name: string) {}

  tell(core: PoolCore, nowMs: number): string {
    const runs = core.holders().length;
    if (runs <= MANY_RUNS) return `Pool **${this.name}**: ${look(core, nowMs)}`;
    if (nowMs - this.newest.atMs >= LOOK_EVERY_MS) this.newest = { text: look(core, nowMs), atMs: nowMs };
    const { text, atMs } = this.newest;
    return `Pool **${this.name}**: ${runs} runs wait or hold leases. As of ${new Date(atMs).toISOString()}: ${text}`;
  }
}

function look(core: PoolCore, nowMs: number): string {
  const { hosts, queue, queued, leases } = core.view(nowMs);
  return [
    `${counted(hosts.length, 'host')}, ${counted(leases.length, 'lease')}, ${counted(queued, 'run')} ${queued === 1 ? 'waits' : 'wait'}.`,
    '',
    ...hosts.map(tellHost),
    ...queue.slice(0, TOLD_RUNS).map(tellQueued),
    ...(queued > TOLD_RUNS ? [`- and ${queued - TOLD_RUNS} more`] : []),
  ].join('\n');
}

function tellHost(host: PoolHostView): string {
  const { name, state, refuses, usedCpus, cpus, usedGpuIds, gpus, runs, unleased = [] } = host;
  const trouble = refuses === null ? '' : `, ${refuses}`;
  const left = unleased.length === 0 ? '' : `, ${counted(unleased.length, 'container')} without a lease`;
  return `- host **${name}** is ${state}${trouble}: ${usedCpus} of ${cpus} CPUs, ${usedGpuIds.length} of ${gpus.length} GPUs, ${counted(runs.length, 'run')}${left}`;
}

function tellQueued({ place, runId, priority, waitsFor }: QueuedRunView): string {
  return `${place}. \`${runId}\` (priority ${priority}): ${waitsFor}`;
}
