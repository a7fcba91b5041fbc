import { hostname } from 'node:os';

import pino, { type Logger } from 'pino';

import type { Config } from '../config/config';
import { loadConfig } from '../config/load';
import { loadRecipes } from '../config/load-recipes';
import { createEngine } from '../docker/dockerode-engine';
import { lockDataFolder, type DataLock } from '../store/data-lock';
import { openLogStore } from '../store/file-log-store';
import { openRunStore } from '../store/sqlite-run-store';
import { installRuntime } from './runtime';
import { startWorker } from './start-worker';
import { connectToTemporal } from './temporal-link';

/** The worker's process. It ends on SIGTERM, on SIGINT, and when the supervisor that started it is gone. */
async function main(): Promise<void> {
  const config = loadConfig({ env: process.env, hostname: hostname() });
  const log = createLog(config);
  const stopping = stopRequest(log);
  const locks = takeLocks(config);
  installRuntime(log);

  const store = await openRunStore(config.data);
  const logs = openLogStore(config.data, { segmentBytes: config.logs.segmentBytes });
  const engine = createEngine(config.host.dockerHost);
  const recipes = loadRecipes(config.recipes);
  const temporal = await connectToTemporal(config.temporal, log, stopping);
  const worker = await startWorker({ config, log, store, logs, engine, recipes, temporal });
  log.info({ host: config.host.name, roles: config.worker.roles }, 'The worker is ready');
  process.send?.('ready');

  try {
    await Promise.race([worker.ended, aborted(stopping)]);
  } finally {
    await worker.stop();
    await temporal.close();
    engine.close();
    await store.close();
    for (const lock of locks) lock.release();
  }
  log.info('The worker has stopped; containers go on');
}

/** One worker for a host of a data folder: two would write every log line twice. */
function takeLocks(config: Config): DataLock[] {
  return config.worker.roles.includes('host') ? [lockDataFolder(config.data, `host-${config.host.name}`)] : [];
}

function createLog({ logLevel }: Config): Logger {
  const pretty = process.stdout.isTTY === true;
  return pino({ name: 'worker', level: logLevel, ...(pretty ? { transport: { target: 'pino-pretty' } } : {}) });
}

function stopRequest(log: Logger): AbortSignal {
  const controller = new AbortController();
  for (const cause of ['SIGTERM', 'SIGINT', 'disconnect'] as const) {
    process.once(cause, () => {
      log.info({ cause }, 'The worker was asked to stop');
      controller.abort(new Error(`stopped by ${cause}`));
    });
  }
  return controller.signal;
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}

main().then(
  // What a library still keeps open must not keep a stopped worker alive.
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
