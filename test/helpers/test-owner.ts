import { randomBytes } from 'node:crypto';

import { LABELS } from '../../contract/names';
import type { ContainerSummary, Engine } from '../../docker/engine';
import { identify } from '../../process/proc';

/** Label of every container and network that a test makes by itself; its value is a {@link testName}. */
export const TEST_LABEL = 'trainyard.test';

/**
 * A name of its own, by which the process that made it is known: for what a test leaves on the engine where it is killed.
 *
 * @param kind a word.
 */
export function testName(kind: string): string {
  return `${kind}-p${process.pid}-${identify(process.pid)?.startTicks}-${randomBytes(6).toString('hex')}`;
}

/**
 * Removes the containers of tests whose process is gone, as one that was killed cannot, and the networks of their gangs: the
 * next run of the same test would find their names taken, those that run would take its processors, and an engine has only
 * some thirty networks to give.
 *
 * @returns their names.
 */
export async function removeLeftByTests(engine: Engine): Promise<string[]> {
  const containers = (await engine.listContainers({})).filter(isLeft);
  await Promise.all(containers.map(({ id }) => engine.removeContainer(id)));
  const networks = (await engine.listNetworks({})).filter(isLeft);
  const removals = await Promise.all(networks.map(({ id }) => engine.removeNetwork(id)));
  const removed = networks.filter((_, index) => removals[index] === 'removed');
  return [...containers, ...removed].map(({ name }) => name);
}

function isLeft({ labels }: Pick<ContainerSummary, 'labels'>): boolean {
  const name = labels[TEST_LABEL] ?? labels[LABELS.installation] ?? '';
  const mark = /^[a-z0-9-]+-p(\d+)-(\d+)-[0-9a-f]{12}$/.exec(name);
  if (mark !== null) return identify(Number(mark[1]))?.startTicks !== Number(mark[2]);
  // Names from before they told whose they are.
  return /^test-[0-9a-f]{12}$/.test(name);
}
