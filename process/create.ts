import { existsSync, realpathSync } from 'node:fs';

import type { ContainerPlan, ContainerSummary, Engine } from '../docker/engine';
import { EngineError, NameTakenError } from '../docker/errors';
import type { Context } from './context';
import { toContainerInfo } from './lives';
import type { Means } from './machine';
import { preamble } from './preamble';
import { createFolder, listIds, newProcessId } from './process-folder';

/** Networks of a plan that a process can have: none, or that of the host. */
const NETWORKS = ['none', 'bridge'];

/** Makes processes as planned, one after the other, so that two calls for the same one see each other. */
export function createPlanned(context: Context): Engine['createContainer'] {
  let last: Promise<unknown> = Promise.resolve();
  return (plan) => {
    const created = last.then(() => createOrAdopt(context, plan));
    last = created.catch(() => undefined);
    return created;
  };
}

export async function listPlanned(
  { folder, look }: Context,
  labels: Record<string, string>,
): Promise<ContainerSummary[]> {
  const lives = await Promise.all((await listIds(folder)).map((id) => look(id)));
  return lives
    .filter((life) => life !== null)
    .filter(({ plan }) => Object.entries(labels).every(([key, value]) => plan.labels[key] === value))
    .map((life) => {
      const { id, name, labels: own, status } = toContainerInfo(life);
      return { id, name, labels: own, state: status, createdAt: life.plan.createdAt, imageId: '' };
    });
}

async function createOrAdopt(context: Context, plan: ContainerPlan): Promise<{ id: string }> {
  const [present] = (await listPlanned(context, {})).filter(({ name }) => name === plan.name);
  if (present === undefined) return create(context, plan);
  const isSame = Object.entries(plan.labels).every(([key, value]) => present.labels[key] === value);
  if (isSame) return { id: present.id };
  throw new NameTakenError(`the name ${plan.name} is taken by local process ${present.id}, which has other labels`);
}

async function create({ folder, machine }: Context, plan: ContainerPlan): Promise<{ id: string }> {
  const { command } = plan;
  const problem = machine.problem ?? problemOf(plan);
  if (problem !== null || command === undefined) throw new EngineError(problem ?? 'there is no command', undefined);
  const id = newProcessId();
  const createdAt = new Date().toISOString();
  const means: Means = { cgroups: machine.cgroups, hasIp: machine.hasIp };
  await createFolder(folder, { ...plan, id, command, createdAt, means, preamble: preamble(plan, means) });
  return { id };
}

/** Why a plan cannot be had without a container, with the mend; null where it can. */
function problemOf({ command, network, binds }: ContainerPlan): string | null {
  if (command === undefined || command.length === 0) {
    return 'a local process needs a command in the spec: that of the image is not known without the image';
  }
  if (command[0]!.includes('=')) return `a local process cannot have "${command[0]}" as its program: it has a = in it`;
  if (!NETWORKS.includes(network)) {
    return `a local process cannot have the network ${network}, which is the Docker Engine's; use none or egress`;
  }
  const target = binds.map((bind) => bind.target).find((path) => !canMountAt(path));
  if (target === undefined) return null;
  return `a local process cannot have a mount at ${target}, which lies in a folder of the host and is not there; make it, or mount elsewhere`;
}

/**
 * Beside the folders in the host's root there is room; in them, a mount needs something to lie over. A path with links in it
 * would lead to another place than it says.
 */
function canMountAt(target: string): boolean {
  if (existsSync(target)) return realpathSync(target) === target;
  return !existsSync(`/${target.split('/')[1]}`);
}
