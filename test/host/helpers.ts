import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import pino from 'pino';

import { LABELS } from '../../contract/names';
import type { ContainerPlan } from '../../docker/engine';
import type { DiskGuard } from '../../host/disk-guard';
import { watchEngine, type EngineHealth } from '../../host/engine-health';
import { createPumps, type Pumps, type PumpsDeps } from '../../host/pumps';
import { openLateLogStore } from '../../store/file-late-log-store';
import { openLogStore } from '../../store/file-log-store';
import type { LateLogStore } from '../../store/late-log-store';
import type { LogLine, LogStore } from '../../store/log-store';
import { testEngine, type TestEngine } from '../helpers/engine';
import { testName } from '../helpers/test-owner';

/** A host of a test's own: an installation on the real engine, and a data folder with real logs. */
export interface TestHost extends TestEngine {
  data: string;
  logs: LogStore;
  health: EngineHealth;
  lateLogs: LateLogStore;
  config: HostConfig;
  /** New pumps, as a worker that has just started has them. */
  newPumps(changes?: Partial<PumpsDeps>): Pumps;
  /** Starts a container of a run, as `startContainer` would label it; returns its id. */
  runOf(runId: string, command: string[], overrides?: Partial<ContainerPlan>): Promise<string>;
  lines(runId: string, streams?: LogLine['stream'][]): Promise<LogLine[]>;
}

export type HostConfig = Parameters<typeof createPumps>[0]['config'] & { data: string };

/** A host whose disks never matter. */
export const NO_DISKS: DiskGuard = { look: async () => [], refusal: () => null, check: async () => undefined };

export const QUIET = pino({ level: 'silent' });

export async function testHost(): Promise<TestHost> {
  const test = testEngine();
  const data = await mkdtemp(join(tmpdir(), 'trainyard-host-'));
  const logs = openLogStore(data, { segmentBytes: 1024 * 1024 });
  const lateLogs = openLateLogStore(data, { segmentBytes: 1024 * 1024 });
  const config = hostConfig(data, test.dockerHost);
  const pumps: Pumps[] = [];
  const health = watchEngine(test.engine);

  return {
    ...test,
    data,
    logs,
    health,
    lateLogs,
    config,
    newPumps: (changes) => {
      const created = createPumps({ engine: test.engine, logs, lateLogs, config, log: QUIET, ...changes });
      pumps.push(created);
      return created;
    },
    runOf: (runId, command, overrides = {}) =>
      test.run(command, { ...overrides, labels: labelsOf(config, runId, overrides.labels) }),
    lines: (runId, streams) => allLines(logs, runId, streams),
    dispose: async () => {
      await Promise.all(pumps.map((created) => created.stop()));
      await health.stop();
      await test.dispose();
      await rm(data, { recursive: true });
    },
  };
}

export function hostConfig(data: string, dockerHost: string): HostConfig {
  return {
    data,
    worker: { roles: ['host'], maxFollows: 100, echoTraining: false },
    host: {
      name: 'test-host',
      dockerHost,
      installation: testName('test'),
      orphanGraceSeconds: 0,
      mountRoots: [],
      networks: [],
      address: '',
      containerLogSizeBytes: 10 * 1024 ** 2,
      containerLogFiles: 3,
      fallback: 'none',
      fallbackAfter: '1m',
      pool: 'default',
      labels: [],
      cpus: 0,
      memory: '',
      gpus: ['none'],
      gpuCommand: 'nvidia-smi',
      gpuRuntime: 'none',
      disk: { refuseAt: 90, cleanAt: 80 },
    },
  };
}

export function labelsOf(config: HostConfig, runId: string, more: Record<string, string> = {}): Record<string, string> {
  return {
    [LABELS.run]: runId,
    [LABELS.attempt]: '1',
    [LABELS.epoch]: '1',
    [LABELS.specHash]: 'hash',
    [LABELS.host]: config.host.name,
    [LABELS.installation]: config.host.installation,
    ...more,
  };
}

export async function allLines(logs: LogStore, runId: string, streams?: LogLine['stream'][]): Promise<LogLine[]> {
  const lines: LogLine[] = [];
  for await (const batch of logs.read(runId, { ...(streams && { streams }) })) lines.push(...batch);
  return lines;
}

/** What a container has printed, as its engine has it. */
export async function printedBy({ engine }: Pick<TestEngine, 'engine'>, id: string): Promise<string[]> {
  const texts: string[] = [];
  const { signal } = new AbortController();
  for await (const records of engine.readLogs(id, { follow: false, signal })) {
    texts.push(...records.map(({ data }) => data.toString()));
  }
  return texts;
}

/** A command of the test image that runs a Python program. */
export const python = (code: string): string[] => ['python3', '-u', '-c', code];
