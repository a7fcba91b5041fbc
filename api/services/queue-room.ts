import type { FastifyBaseLogger } from 'fastify';

import { createInTurn } from '../../contract/in-turn';
import type { PoolSettings, Quota } from '../../contract/pool';
import type { RunSpec } from '../../contract/spec';
import { quotaOf } from '../../policy/pool/quota';
import type { QueuedCounts, RunStore } from '../../store/run-store';
import { ProblemError } from '../problem-error';
import type { PoolDirectory } from './pool-directory';

const RETRY_AFTER_SECONDS = '30';

/**
 * The room that is left in the queues of pools. The read model counts the runs that wait; those that this process is just
 * accepting are not in it yet, and are counted here, so that no more are accepted than there is room for, however many
 * come at once.
 */
export interface QueueRoom {
  /**
   * Does what accepts a run and puts it into the list, where its queue has room for it. A run that is being accepted already,
   * as by the same Idempotency-Key, takes no second place.
   *
   * @throws {ProblemError} `may-not-submit`, `queue-full`; and whatever `accept` does.
   */
  enter<T>(runId: string, spec: RunSpec, accept: () => Promise<T>): Promise<T>;
}

export interface QueueRoomParts {
  pools: Pick<PoolDirectory, 'settings'>;
  runStore: Pick<RunStore, 'countQueued'>;
  logger: FastifyBaseLogger;
}

export function createQueueRoom({ pools, runStore, logger }: QueueRoomParts): QueueRoom {
  const guests = createGuests();
  const perPool = createInTurn();

  const takePlace = async (runId: string, spec: RunSpec, settings: PoolSettings): Promise<void> => {
    if (!guests.has(runId)) {
      checkMaySubmit(spec, settings);
      const accepted = guests.of(spec.pool);
      const listed = await runStore
        .countQueued(
          spec.pool,
          accepted.map((guest) => guest.runId),
        )
        .catch((error: unknown) => {
          logger.warn({ err: error }, 'whether a queue is full is not checked: the store does not answer');
          return null;
        });
      const full = listed === null ? null : fullQueue(spec, settings, countsWith(listed, accepted));
      if (full !== null) throw queueFull(full);
    }
    guests.add(runId, spec);
  };

  return {
    enter: async (runId, spec, accept) => {
      const settings = await pools.settings(spec.pool);
      // Between the count and the place that is taken by it nobody else may take one.
      await perPool.run(spec.pool, async () => takePlace(runId, spec, settings));
      try {
        return await accept();
      } finally {
        guests.remove(runId);
      }
    },
  };
}

type Guest = Pick<RunSpec, 'pool' | 'project' | 'owner'> & { runId: string };

/** Runs that are being accepted; one may be so several times at once. */
function createGuests() {
  const guests = new Map<string, { guest: Guest; times: number }>();
  return {
    has: (runId: string) => guests.has(runId),
    of: (pool: string) => [...guests.values()].map(({ guest }) => guest).filter((guest) => guest.pool === pool),
    add: (runId: string, { pool, project, owner }: Omit<Guest, 'runId'>) => {
      const { times = 0 } = guests.get(runId) ?? {};
      guests.set(runId, { guest: { runId, pool, project, owner }, times: times + 1 });
    },
    remove: (runId: string) => {
      const known = guests.get(runId)!;
      known.times -= 1;
      if (known.times === 0) guests.delete(runId);
    },
  };
}

function countsWith({ total, byProject, byOwner }: QueuedCounts, accepted: readonly Guest[]): QueuedCounts {
  const counts = { total: total + accepted.length, byProject: new Map(byProject), byOwner: new Map(byOwner) };
  for (const { project, owner } of accepted) {
    counts.byProject.set(project, (counts.byProject.get(project) ?? 0) + 1);
    counts.byOwner.set(owner, (counts.byOwner.get(owner) ?? 0) + 1);
  }
  return counts;
}

/** A quota of 0 is no queue that will have room again. */
function checkMaySubmit({ pool, project, owner }: RunSpec, { projectQuotas, ownerQuotas }: PoolSettings): void {
  for (const [who, map, quotas, name] of [
    ['Project', 'projectQuotas', projectQuotas, project],
    ['Owner', 'ownerQuotas', ownerQuotas, owner],
  ] as const) {
    if (mostQueued(quotas, name) !== 0) continue;
    const field = `${map}.${Object.hasOwn(quotas, name) ? name : '*'}.queued`;
    const detail = `${who} ${name} may submit no runs to pool ${pool}: its quota is 0 (${field}). Choose another pool, or have the quota raised.`;
    throw new ProblemError('may-not-submit', detail);
  }
}

function queueFull(why: string): ProblemError {
  const detail = `${why} Submit it again later, or cancel runs that wait.`;
  return new ProblemError('queue-full', detail, { headers: { 'retry-after': RETRY_AFTER_SECONDS } });
}

function fullQueue(
  { pool, project, owner }: RunSpec,
  { maxQueued, projectQuotas, ownerQuotas }: PoolSettings,
  { total, byProject, byOwner }: QueuedCounts,
): string | null {
  if (total >= maxQueued) {
    return `${total} runs wait in pool ${pool}, which takes no more than ${maxQueued}.`;
  }
  const ofProject = mostQueued(projectQuotas, project) ?? Infinity;
  if ((byProject.get(project) ?? 0) >= ofProject) {
    return `${byProject.get(project) ?? 0} runs of project ${project} wait in pool ${pool}; its quota is ${ofProject}.`;
  }
  const ofOwner = mostQueued(ownerQuotas, owner) ?? Infinity;
  if ((byOwner.get(owner) ?? 0) < ofOwner) return null;
  return `${byOwner.get(owner) ?? 0} runs of ${owner} wait in pool ${pool}; the quota is ${ofOwner}.`;
}

/** How many runs of a project or an owner may wait; null: no limit. */
export function mostQueued(quotas: Record<string, Quota>, name: string): number | null {
  return quotaOf(quotas, name)?.queued ?? null;
}
