import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import type { Config } from '../../config/config';
import { LABELS } from '../../contract/names';
import { createEngine } from '../../docker/dockerode-engine';
import type { Engine } from '../../docker/engine';
import { openLogStore } from '../../store/file-log-store';
import type { LogStore } from '../../store/log-store';
import { IMAGE } from './runs';

/** A host of a measurement's own: containers as Trainyard labels them, and its log pumps in a process of their own. */
export interface PumpHost {
  engine: Engine;
  logs: LogStore;
  /** Starts a container that is the first attempt of a run; returns its id. */
  run(runId: string, command: string[]): Promise<string>;
  /** Starts the process of the pumps; resolves when it has taken up the containers. */
  startPumps(): Promise<{ pid: number; kill(): Promise<void> }>;
  dispose(): Promise<void>;
}

const LOG = { maxSizeBytes: 52_428_800, maxFiles: 3 };

export async function createPumpHost(): Promise<PumpHost> {
  const data = await mkdtemp(join(tmpdir(), 'trainyard-bench-pump-'));
  const dockerHost = process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock';
  const installation = `bench-${randomBytes(6).toString('hex')}`;
  const config = settings(data, dockerHost, installation);
  const engine = createEngine(dockerHost);
  const children: ChildProcess[] = [];
  return {
    engine,
    logs: openLogStore(data, { segmentBytes: 64 * 1024 ** 2 }),
    run: async (runId, command) => {
      const { id } = await engine.createContainer(plan(runId, command, installation));
      await engine.startContainer(id);
      return id;
    },
    startPumps: async () => {
      const child = spawn(process.execPath, [join(__dirname, '../pump-process.cjs'), JSON.stringify(config)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      children.push(child);
      await once(createInterface({ input: child.stdout }), 'line');
      return { pid: child.pid!, kill: () => kill(child) };
    },
    dispose: async () => {
      await Promise.all(children.map((child) => kill(child)));
      const left = await engine.listContainers({ [LABELS.installation]: installation });
      await Promise.all(left.map(({ id }) => engine.removeContainer(id)));
      engine.close();
      await rm(data, { recursive: true, force: true });
    },
  };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

function settings(data: string, dockerHost: string, installation: string): Pick<Config, 'data' | 'host' | 'worker'> {
  return {
    data,
    worker: { roles: ['host'], maxFollows: 1000, echoTraining: false },
    host: {
      name: 'bench',
      dockerHost,
      installation,
      orphanGraceSeconds: 300,
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
      mountRoots: [],
      networks: [],
      address: '',
      containerLogSizeBytes: LOG.maxSizeBytes,
      containerLogFiles: LOG.maxFiles,
    },
  };
}

function plan(runId: string, command: string[], installation: string) {
  return {
    name: `trainyard-${installation}-${runId}`,
    labels: {
      [LABELS.run]: runId,
      [LABELS.attempt]: '1',
      [LABELS.epoch]: '1',
      [LABELS.host]: 'bench',
      [LABELS.installation]: installation,
    },
    image: IMAGE,
    command,
    env: {},
    user: '1000:1000',
    binds: [],
    network: 'none',
    cpus: 1,
    memoryBytes: 256 * 1024 ** 2,
    shmBytes: 16 * 1024 ** 2,
    pids: 64,
    log: LOG,
  };
}
