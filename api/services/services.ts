import type { FastifyBaseLogger } from 'fastify';

import type { Config } from '../../config/config';
import type { RecipeBook } from '../../contract/recipe';
import type { LogStore } from '../../store/log-store';
import type { PolicyStore } from '../../store/policy-store';
import type { RunStore } from '../../store/run-store';
import type { TemporalGateway } from '../temporal/gateway';
import type { PoolDirectory } from './pool-directory';
import type { QueueRoom } from './queue-room';

/** What the services of the API work with. */
export interface Services {
  config: Config;
  runStore: RunStore;
  logStore: LogStore;
  temporal: TemporalGateway;
  recipes: RecipeBook;
  policies: PolicyStore;
  pools: PoolDirectory;
  queueRoom: QueueRoom;
  logger: FastifyBaseLogger;
}
