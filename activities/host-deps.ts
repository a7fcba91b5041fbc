import type { Config } from '../config/config';
import type { Engine } from '../docker/engine';
import type { EngineHealth } from '../host/engine-health';
import type { Pumps } from '../host/pumps';

/** What the short operations on a host's engine work with. */
export interface HostActivityDeps {
  engine: Engine;
  health: EngineHealth;
  pumps: Pumps;
  config: Pick<Config, 'data' | 'host'>;
}
