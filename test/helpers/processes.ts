import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { ContainerPlan, LogRecord, ReadLogsOptions } from '../../docker/engine';
import type { Machine } from '../../process/machine';
import { createProcessEngine, type ProcessEngine } from '../../process/process-engine';

const ROOT = join(__dirname, '../..');

/** The shim from source, run as a worker from source is. */
export const SHIM = {
  program: join(ROOT, 'process/main.ts'),
  execArgv: ['-r', join(ROOT, 'test/helpers/typescript-hook.cjs')],
};

/** Python of the host that the user of a run may execute. */
export const hostPython = (code: string): string[] => ['/usr/bin/python3', '-u', '-c', code];

/** Local processes of a test file's own. */
export interface TestProcesses {
  engine: ProcessEngine;
  folder: string;
  /** Another engine on the same folder, as the next worker has it. */
  again(): ProcessEngine;
  plan(overrides?: Partial<ContainerPlan>): ContainerPlan;
  /** Creates and starts a process; returns its id. */
  run(command: string[], overrides?: Partial<ContainerPlan>): Promise<string>;
  /** Starts one and waits for its end. */
  runToEnd(command: string[], overrides?: Partial<ContainerPlan>): Promise<string>;
  readAll(id: string, options?: Partial<ReadLogsOptions>): Promise<LogRecord[]>;
  /** Removes them all; for `afterAll`. */
  dispose(): Promise<void>;
}

export const never = new AbortController().signal;

let count = 0;

/** @param folder default: a new one. */
export function testProcesses(
  machine?: Machine,
  folder = mkdtempSync(join(tmpdir(), 'trainyard-processes-')),
): TestProcesses {
  const again = (): ProcessEngine => createProcessEngine({ folder, shim: SHIM, ...(machine && { machine }) });
  const engine = again();
  const plan = (overrides: Partial<ContainerPlan> = {}): ContainerPlan => ({
    name: `trainyard-test-${(count += 1)}`,
    labels: {},
    image: 'trainyard/test:1',
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
    asProcess: { engineAwaySince: '2026-11-24T03:42:31.000Z' },
    ...overrides,
  });
  const run = async (command: string[], overrides: Partial<ContainerPlan> = {}): Promise<string> => {
    const { id } = await engine.createContainer(plan({ ...overrides, command }));
    await engine.startContainer(id);
    return id;
  };
  return {
    engine,
    folder,
    again,
    plan,
    run,
    runToEnd: async (command, overrides) => {
      const id = await run(command, overrides);
      await engine.waitContainer(id, never);
      return id;
    },
    readAll: async (id, options = {}) => {
      const all: LogRecord[] = [];
      for await (const records of engine.readLogs(id, { follow: true, signal: never, ...options }))
        all.push(...records);
      return all;
    },
    dispose: async () => {
      for (const { id } of await engine.listContainers({})) await engine.removeContainer(id);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export const text = ({ data }: LogRecord): string => data.toString('utf8');
