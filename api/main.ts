import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { parseArgs } from 'node:util';

import closeWithGrace from 'close-with-grace';
import type { FastifyInstance } from 'fastify';
import pino, { type Logger } from 'pino';

import type { Config } from '../config/config';
import { loadConfig } from '../config/load';
import { loadPolicies } from '../config/load-policies';
import { loadRecipes } from '../config/load-recipes';
import { openLogStore } from '../store/file-log-store';
import { openPolicyStore } from '../store/sqlite-policy-store';
import { openRunStore } from '../store/sqlite-run-store';
import { buildApp } from './app';
import { createPoolDirectory } from './services/pool-directory';
import { createQueueRoom } from './services/queue-room';
import { openTemporal } from './temporal/gateway';

/** After this a request that is still going on is cut off. */
const CLOSE_GRACE_MS = 8_000;

/** Settings that can be given on the command line, and the variables that they stand for. */
const OPTIONS = {
  port: 'TRAINYARD_API_PORT',
  host: 'TRAINYARD_API_HOST',
  data: 'TRAINYARD_DATA',
  config: 'TRAINYARD_CONFIG',
} as const;

/** The API's process. It ends on SIGTERM, on SIGINT, and when the supervisor that started it is gone. */
async function main(): Promise<void> {
  const env = { ...process.env, ...readArguments(process.argv.slice(2)) };
  const config = loadConfig({ env, hostname: hostname() });
  const logger = createLogger(config);
  const recipes = loadRecipes(config.recipes);
  const policiesInFiles = loadPolicies(config.policies);
  const runStore = await openRunStore(config.data);
  const policies = await openPolicyStore(config.data);
  logger.info(await policies.importFiles(policiesInFiles), 'The policies in files are known');
  const logStore = openLogStore(config.data, { segmentBytes: config.logs.segmentBytes });
  const temporal = openTemporal(config.temporal);
  const pools = createPoolDirectory({ runStore, pools: temporal.pools });
  const queueRoom = createQueueRoom({ pools, runStore, logger });
  const app = await buildApp({ config, runStore, logStore, temporal, recipes, policies, pools, queueRoom, logger });

  const { close } = closeWithGrace({ delay: CLOSE_GRACE_MS, logger }, async ({ err, signal }) => {
    if (err) logger.fatal({ err }, 'The API fails and stops');
    else logger.info({ signal }, 'The API was asked to stop; runs go on');
    await app.close();
    await temporal.close();
    await policies.close();
    await runStore.close();
  });
  process.once('disconnect', close);

  const url = await listen(app, config);
  logger.info({ url, temporal: config.temporal.address, data: config.data }, 'The API is ready');
  if (config.api.port === 0) process.stdout.write(`Trainyard's API is at ${url}\n`);
  process.send?.('ready');
}

function readArguments(args: string[]): NodeJS.ProcessEnv {
  const options = Object.fromEntries(Object.keys(OPTIONS).map((name) => [name, { type: 'string' as const }]));
  const { values } = parseArgs({ args, options, strict: true });
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [OPTIONS[name as keyof typeof OPTIONS], value]),
  );
}

async function listen(app: FastifyInstance, { api: { host, port } }: Config): Promise<string> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    throw new Error(describeListenError(error, host, port), { cause: error });
  }
  const address = app.server.address() as AddressInfo;
  return `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`;
}

function describeListenError(error: unknown, host: string, port: number): string {
  const { code, message } = error as NodeJS.ErrnoException;
  const mend = 'choose another with --port or TRAINYARD_API_PORT';
  if (code === 'EADDRINUSE') return `Port ${port} on ${host} is in use by another program; stop that one, or ${mend}.`;
  if (code === 'EACCES') return `Port ${port} is not for this user; ${mend}, from 1024 on.`;
  if (code === 'EADDRNOTAVAIL') return `This machine has no address ${host}; choose another with TRAINYARD_API_HOST.`;
  return `The API cannot listen on ${host}:${port}: ${message}.`;
}

function createLogger({ logLevel }: Config): Logger {
  const pretty = process.stdout.isTTY === true;
  return pino({ name: 'api', level: logLevel, ...(pretty ? { transport: { target: 'pino-pretty' } } : {}) });
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
