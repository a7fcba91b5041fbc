import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { type Part, startPart } from '../../server/part';
import { apiPart, type PartSettings, temporalPart, workerPart } from '../../server/parts';
import { loadServerConfig, planServer, type ServerPlan } from '../../server/plan';
import { keepEndedWorkflows } from '../../server/temporal-connection';
import type { PartName } from '../plan/blows';
import { type OwnEngine, startOwnEngine } from './own-engine';
import { signalTo } from './processes';

const PROGRAMS = join(__dirname, '../../dist');
const HOST_NAME = 'chaos';
/** Short, so that what a run has left on a host that was away is removed soon after the last blow. */
const ORPHAN_GRACE_SECONDS = '5';

export interface InstallationOptions {
  /** Holds all that the installation keeps. */
  folder: string;
  /** Name of the engine and of the installation. */
  name: string;
  images: readonly string[];
  /** Folder below which runs may mount. */
  mountRoot: string;
  env: NodeJS.ProcessEnv;
  /** Aborted where nobody waits for the start any more. */
  asked: AbortSignal;
}

/** A whole Trainyard of its own, each part a process that is started again when it dies; the engine only when told to. */
export interface Installation {
  readonly apiUrl: string;
  readonly temporal: ServerPlan['temporal'];
  readonly engine: OwnEngine;
  /** Process of a part; undefined between its death and its next start. */
  pid(part: PartName): number | undefined;
  /** Sends a signal to a part and what belongs to it; false where it does not run just now. */
  signal(part: PartName, signal: NodeJS.Signals): boolean;
  stop(): Promise<void>;
}

export async function startInstallation(options: InstallationOptions): Promise<Installation> {
  const { folder, name, images, env, asked } = options;
  const engine = await startOwnEngine(name, join(folder, 'engine'), images, env);
  const parts: Partial<Record<PartName, Part>> = {};
  const stop = async (): Promise<void> => {
    for (const part of Object.values(parts).toReversed()) await part.stop();
    await engine.dispose();
  };
  try {
    const plan = await planParts(options, engine);
    await startParts(plan, folder, parts, asked);
    const pid = (part: PartName): number | undefined => (part === 'engine' ? engine.pid() : parts[part]?.pid());
    return {
      apiUrl: plan.apiUrl,
      temporal: plan.temporal,
      engine,
      pid,
      signal: (part, signal) => {
        const known = pid(part);
        // Each part leads a group, which Temporal shares with its guard; what the engine started is not to be touched.
        return known !== undefined && signalTo(part === 'engine' ? known : -known, signal);
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function planParts(
  { folder, name, mountRoot, env }: InstallationOptions,
  engine: OwnEngine,
): Promise<ServerPlan> {
  const settings = {
    ...env,
    DOCKER_HOST: engine.dockerHost,
    TRAINYARD_INSTALLATION: name,
    TRAINYARD_HOST_NAME: HOST_NAME,
    TRAINYARD_MOUNT_ROOTS: mountRoot,
    TRAINYARD_ORPHAN_GRACE: ORPHAN_GRACE_SECONDS,
    TEMPORAL_ADDRESS: '',
  };
  const options = { data: join(folder, 'data'), port: 0, temporalPort: 0, uiPort: 0 };
  return planServer(loadServerConfig(options, settings), options, settings);
}

async function startParts(
  { ownTemporal, temporal, apiUrl, partEnv }: ServerPlan,
  folder: string,
  parts: Partial<Record<PartName, Part>>,
  asked: AbortSignal,
): Promise<void> {
  if (ownTemporal === null) throw new Error('chaos brings a Temporal of its own, and the plan has none');
  const logs = join(folder, 'logs');
  mkdirSync(logs, { recursive: true });
  mkdirSync(join(folder, 'data'), { recursive: true });
  const settings: PartSettings = { programs: PROGRAMS, logs, env: partEnv };
  const report = (line: string): void =>
    appendFileSync(join(logs, 'supervisor.log'), `${new Date().toISOString()} ${line}\n`);

  const dbFile = join(folder, 'data', 'temporal.db');
  const temporalPlan = temporalPart(settings, { ...ownTemporal, dbFile, namespace: temporal.namespace });
  parts.temporal = await startPart(temporalPlan, report, asked);
  await keepEndedWorkflows(temporal.address, temporal.namespace);
  for (const role of ['control', 'host'] as const) {
    const ofRole = workerPart({ ...settings, env: { ...partEnv, TRAINYARD_WORKER_ROLES: role } });
    const plan = { ...ofRole, name: `${role} worker`, logFile: join(logs, `${role}.log`) };
    parts[role] = await startPart(plan, report, asked);
  }
  parts.api = await startPart(apiPart(settings, apiUrl), report, asked);
}
