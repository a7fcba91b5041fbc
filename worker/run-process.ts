import type { Logger } from 'pino';

import type { Config } from '../config/config';
import { loadPolicies } from '../config/load-policies';
import { loadRecipes } from '../config/load-recipes';
import { dataFolderName } from '../store/data-folder';
import { lockDataFolder } from '../store/data-lock';
import { openLateLogStore } from '../store/file-late-log-store';
import { openLogStore, type FileLogStoreOptions } from '../store/file-log-store';
import { openPolicyStore } from '../store/sqlite-policy-store';
import { openRunStore } from '../store/sqlite-run-store';
import { collectStart } from './collect-start';
import { claimHostName, hostInstance } from './host-instance';
import { startHostSide } from './host-side';
import { openEngine } from './open-engine';
import { startWorker } from './start-worker';
import { connectToTemporal, type TemporalLink } from './temporal-link';

export interface ProcessDeps {
  config: Config;
  log: Logger;
  /** Aborted when the worker shall stop. */
  stopping: AbortSignal;
  /** Called when the worker takes tasks. */
  ready: () => void;
}

/** Frees what was opened; the last one first. */
type Closers = (() => void | Promise<void>)[];

/**
 * Opens everything that a worker works with, works until it is told to stop, and closes all of it again.
 *
 * @throws {DataFolderLockedError} while another worker of the same host uses the data folder, {@link HostNameTakenError} while
 *   a host of the same name is at work elsewhere.
 */
export async function runProcess(deps: ProcessDeps): Promise<void> {
  const closers: Closers = [];
  try {
    await work(deps, closers);
  } finally {
    for (const close of closers.toReversed()) await close();
  }
  deps.log.info('The worker has stopped; containers go on');
}

async function work({ log, stopping, ready, ...deps }: ProcessDeps, closers: Closers): Promise<void> {
  const config = withInstallation(deps.config);
  if (config.worker.roles.includes('host')) {
    // One worker for a host of a data folder: two would write every log line twice.
    closers.push(lockDataFolder(config.data, `host-${config.host.name}`).release);
  }
  const recipes = loadRecipes(config.recipes);
  const policiesInFiles = loadPolicies(config.policies);
  const store = await openRunStore(config.data);
  closers.push(async () => store.close());
  const policies = await openPolicyStore(config.data);
  closers.push(async () => policies.close());
  log.info(await policies.importFiles(policiesInFiles), 'The policies in files are known');
  const logOptions: FileLogStoreOptions = {
    segmentBytes: config.logs.segmentBytes,
    onCompressionFailure: (err, path) => log.warn({ err, path }, 'A log that was set aside is not compressed yet'),
  };
  const logs = openLogStore(config.data, logOptions);
  const lateLogs = openLateLogStore(config.data, logOptions);
  const engine = openEngine(config);
  closers.push(() => engine.close());

  // Before Temporal is there: logs go on without it.
  const shared = { config, log, store, logs, recipes, instance: hostInstance(config.data) };
  const isHost = config.worker.roles.includes('host');
  const host = isHost ? await startHostSide({ ...shared, lateLogs, engine }) : null;
  closers.push(async () => host?.stop());

  const temporal = await connectUnlessStopped({ config, log, stopping });
  if (temporal === null) return;
  closers.push(async () => temporal.close());

  if (isHost) await claimHostName(config.host.name, shared.instance, temporal.pollersOf);
  const worker = await startWorker({ ...shared, host, policies, temporal });
  closers.push(async () => worker.stop());
  log.info({ host: config.host.name, roles: config.worker.roles }, 'The worker is ready');
  ready();
  collectStart();
  await Promise.race([worker.ended, aborted(stopping)]);
}

/** An installation that nobody named has the name of its data folder. */
function withInstallation(config: Config): Config {
  const { host } = config;
  return { ...config, host: { ...host, installation: host.installation || dataFolderName(config.data) } };
}

/** Null where the worker was stopped while it waited for Temporal. */
async function connectUnlessStopped({
  config,
  log,
  stopping,
}: Omit<ProcessDeps, 'ready'>): Promise<TemporalLink | null> {
  try {
    return await connectToTemporal(config.temporal, log, stopping);
  } catch (error) {
    if (stopping.aborted) return null;
    throw error;
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}
