import { randomBytes } from 'node:crypto';

import { createEngine } from '../../docker/dockerode-engine';
import type { ContainerPlan, Engine } from '../../docker/engine';
import { TEST_LABEL, testName } from './test-owner';

/** Debian's base with Python; made by `script/bootstrap`. */
export const TEST_IMAGE = 'trainyard/base:bookworm';

/** The engine that tests talk to. */
export const TEST_DOCKER_HOST = process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock';

/** The real engine, and a label by which one test file finds its own containers. */
export interface TestEngine {
  engine: Engine;
  dockerHost: string;
  label: Record<string, string>;
  /** A small container with the label and a unique name; `overrides.labels` are added to the label. */
  plan(overrides?: Partial<ContainerPlan>): ContainerPlan;
  /** Creates and starts a container of {@link TestEngine.plan}; returns its id. */
  run(command: string[], overrides?: Partial<ContainerPlan>): Promise<string>;
  /** Removes the containers with the label and closes the engine; for `afterAll`. */
  dispose(): Promise<void>;
}

export function testEngine(): TestEngine {
  const engine = createEngine(TEST_DOCKER_HOST);
  const label = { [TEST_LABEL]: testName('test') };
  const plan = (overrides: Partial<ContainerPlan> = {}): ContainerPlan => ({
    name: `trainyard-test-${randomBytes(6).toString('hex')}`,
    image: TEST_IMAGE,
    command: ['true'],
    env: {},
    user: '1000:1000',
    binds: [],
    network: 'none',
    cpus: 1,
    memoryBytes: 256 * 1024 ** 2,
    shmBytes: 16 * 1024 ** 2,
    pids: 64,
    log: { maxSizeBytes: 10 * 1024 ** 2, maxFiles: 3 },
    ...overrides,
    labels: { ...overrides.labels, ...label },
  });
  const run = async (command: string[], overrides: Partial<ContainerPlan> = {}): Promise<string> => {
    const { id } = await engine.createContainer(plan({ ...overrides, command }));
    await engine.startContainer(id);
    return id;
  };
  const dispose = async (): Promise<void> => {
    await removeAll(engine, label);
    engine.close();
  };
  return { engine, dockerHost: TEST_DOCKER_HOST, label, plan, run, dispose };
}

/** Removes every container that carries the labels; returns how many there were. */
export async function removeAll(engine: Engine, labels: Record<string, string>): Promise<number> {
  const containers = await engine.listContainers(labels);
  const removed = await Promise.all(containers.map(({ id }) => engine.removeContainer(id)));
  return removed.filter(Boolean).length;
}
