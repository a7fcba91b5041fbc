import type { Logger } from 'pino';

import type { Config } from '../config/config';
import type { Engine } from '../docker/engine';
import type { DiskGuard } from '../host/disk-guard';
import type { EngineHealth } from '../host/engine-health';
import type { GpuWatch } from '../host/gpu-watch';
import type { ImageBook } from '../host/image-book';
import type { Pumps } from '../host/pumps';
import type { LogStore } from '../store/log-store';
import type { StandingOf } from './lease-watch';

/** What the short operations on a host's engine work with. */
export interface HostActivityDeps {
  engine: Engine;
  health: EngineHealth;
  pumps: Pumps;
  logs: Pick<LogStore, 'read'>;
  disks: Pick<DiskGuard, 'check'>;
  gpus: Pick<GpuWatch, 'look'>;
  images: Pick<ImageBook, 'pulled' | 'used'>;
  /** How a run stands in Temporal. */
  standingOf: StandingOf;
  config: Pick<Config, 'data' | 'host'>;
  log: Logger;
}
