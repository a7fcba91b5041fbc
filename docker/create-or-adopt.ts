import { setTimeout as sleep } from 'node:timers/promises';

import type { ContainerInfo, ContainerPlan } from './engine';
import { EngineError, NameTakenError } from './errors';

/** How long a container may take to appear, or to go, after the engine has said that it is about to. */
const PATIENCE_MS = 60_000;
const POLL_MS = 100;

type Inspect = (name: string) => Promise<ContainerInfo | null>;

/**
 * Creates a container, or adopts the one that an earlier try with the same plan has made. A name that is taken by a
 * container which is just being made or removed is waited for.
 *
 * @param create returns the id, or null where the name is taken.
 * @returns the id.
 * @throws {NameTakenError} if the container of that name lacks a label of the plan.
 */
export async function createOrAdopt(
  plan: ContainerPlan,
  create: (plan: ContainerPlan) => Promise<string | null>,
  inspect: Inspect,
): Promise<string> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const created = await create(plan);
    if (created !== null) return created;
    const present = await inspect(plan.name);
    if (present && !carries(present.labels, plan.labels)) {
      throw new NameTakenError(`the name ${plan.name} is taken by container ${present.id}, which has other labels`);
    }
    if (present && present.status !== 'removing') return present.id;
    if (Date.now() >= deadline) throw stuck(plan.name);
    await sleep(POLL_MS);
  }
}

/** Waits until a container whose removal is under way is gone. */
export async function untilGone(id: string, inspect: Inspect): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while ((await inspect(id)) !== null) {
    if (Date.now() >= deadline) throw stuck(id);
    await sleep(POLL_MS);
  }
}

function carries(labels: Record<string, string>, wanted: Record<string, string>): boolean {
  return Object.entries(wanted).every(([key, value]) => labels[key] === value);
}

function stuck(name: string): EngineError {
  return new EngineError(`the engine has been making or removing container ${name} for ${PATIENCE_MS} ms`, 409);
}
