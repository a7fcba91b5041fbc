import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Value } from '@sinclair/typebox/value';
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify';
import { pino } from 'pino';

import { buildApp } from '../../api/app';
import { createPoolDirectory } from '../../api/services/pool-directory';
import { createQueueRoom } from '../../api/services/queue-room';
import type { Services } from '../../api/services/services';
import { openTemporal } from '../../api/temporal/gateway';
import { type Config, ConfigSchema } from '../../config/config';
import type { Recipe, RecipeBook } from '../../contract/recipe';
import { openLogStore } from '../../store/file-log-store';
import { openPolicyStore } from '../../store/sqlite-policy-store';
import { openRunStore } from '../../store/sqlite-run-store';

/** Nothing listens there: the port is one that only root may take, and nobody does. */
export const NO_TEMPORAL = '127.0.0.1:9';

export const DIGITS: Recipe = {
  name: 'digits',
  description: 'Trains a classifier on handwritten digits.',
  params: {
    epochs: { type: 'integer', description: 'Passes over the data.', default: 10, minimum: 1, maximum: 1000 },
    batch_size: { type: 'integer', description: 'Samples of a step.', default: 32, minimum: 1, maximum: 1024 },
  },
  spec: { image: 'trainyard/digits:1', command: ['python3', 'train.py'] },
};

export const RECIPES: RecipeBook = new Map([['digits', DIGITS]]);

/** The API over stores of its own in a folder of its own. */
export interface TestApi {
  app: FastifyInstance;
  services: Services;
  /** What was logged, as objects. */
  logged: Record<string, unknown>[];
  /** Takes connections from now on, on a free port of loopback, which it returns. */
  listen(): Promise<number>;
  request(options: InjectOptions): Promise<LightMyRequestResponse>;
  post(url: string, payload: unknown, headers?: Record<string, string>): Promise<LightMyRequestResponse>;
  get(url: string, headers?: Record<string, string>): Promise<LightMyRequestResponse>;
  /** Another API over the same folder, as after a restart. Closed with this one. */
  again(changes?: Partial<Services>): Promise<TestApi>;
  close(): Promise<void>;
}

export interface TestApiOptions {
  temporal?: string;
  api?: Partial<Config['api']>;
  services?: (services: Services) => Partial<Services>;
}

export async function testApi(options: TestApiOptions = {}): Promise<TestApi> {
  const data = await mkdtemp(join(tmpdir(), 'trainyard-api-'));
  const opened: (() => Promise<void>)[] = [];
  const api = await open(data, options, opened);
  const close = async (): Promise<void> => {
    for (const end of opened.toReversed()) await end();
    await rm(data, { recursive: true, force: true });
  };
  return { ...api, close };
}

async function open(data: string, options: TestApiOptions, opened: (() => Promise<void>)[]): Promise<TestApi> {
  const config = Value.Default(ConfigSchema, {}) as Config;
  config.data = data;
  config.temporal.address = options.temporal ?? NO_TEMPORAL;
  config.api = { ...config.api, ...options.api };
  const logged: Record<string, unknown>[] = [];
  const logger = pino({ level: 'debug' }, { write: (line) => void logged.push(JSON.parse(line) as never) });
  const runStore = await openRunStore(data);
  const logStore = openLogStore(data, { segmentBytes: 64 * 1024 * 1024 });
  const policies = await openPolicyStore(data);
  const temporal = openTemporal(config.temporal);
  const pools = createPoolDirectory({ runStore, pools: temporal.pools });
  const queueRoom = createQueueRoom({ pools, runStore, logger });
  const plain: Services = {
    config,
    runStore,
    logStore,
    temporal,
    recipes: RECIPES,
    policies,
    pools,
    queueRoom,
    logger,
  };
  const services = { ...plain, ...options.services?.(plain) };
  const app = await buildApp(services);
  opened.push(async () => {
    await app.close();
    await temporal.close();
    await policies.close();
    await runStore.close();
  });
  const request = (inject: InjectOptions) =>
    app.inject({ ...inject, headers: { host: 'localhost', ...inject.headers } });
  return {
    app,
    services,
    logged,
    listen: async () => Number(new URL(await app.listen({ port: 0, host: '127.0.0.1' })).port),
    request,
    post: (url, payload, headers) =>
      request({
        method: 'POST',
        url,
        payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
        headers: { 'content-type': 'application/json', ...headers },
      }),
    get: (url, headers) => request({ method: 'GET', url, headers }),
    again: (changes = {}) => open(data, { ...options, services: () => changes }, opened),
    close: async () => app.close(),
  };
}
