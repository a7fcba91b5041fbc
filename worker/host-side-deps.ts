import type { Logger } from 'pino';

import type { Config } from '../config/config';
import type { RecipeBook } from '../contract/recipe';
import type { Engine } from '../docker/engine';
import type { LateLogStore } from '../store/late-log-store';
import type { LogStore } from '../store/log-store';
import type { RunStore } from '../store/run-store';
import type { HostInstance } from './host-instance';

export interface HostSideDeps {
  config: Config;
  log: Logger;
  store: RunStore;
  logs: LogStore;
  lateLogs: LateLogStore;
  engine: Engine;
  recipes: RecipeBook;
  instance: HostInstance;
}
