import type { Logger } from 'pino';

import type { LateLogStore } from '../store/late-log-store';
import type { Brakes } from './brakes';
import type { EngineClock } from './engine-clock';
import type { EngineLogSize } from './flood-guard';
import type { LogNotice } from './log-notices';
import type { ReadingDeps } from './pump-reading';

export interface PumpDeps extends Omit<ReadingDeps, 'onStored'> {
  /** Where the log of a container that is gone may have been copied to; null for the pump that makes such a copy. */
  late: LateLogStore | null;
  brakes: Brakes;
  clock: EngineClock;
  log: Logger;
  /** Write each line to `log`, too. */
  echo: boolean;
  /** What the engine keeps of the log of a container, where it does not say so of the container itself. */
  size: EngineLogSize;
  /** A follow without news for this long is checked; default 30 s. */
  silenceMs?: number;
  /** Told of what a person can do something about; default: nobody. */
  onNotice?: (target: PumpTarget, notice: LogNotice) => void;
}

export interface PumpTarget {
  runId: string;
  attempt: number;
  containerId: string;
  /** True where its engine has forgotten that it was started (host/forgotten-start): what it has of the log is all there will be. */
  isForgotten?: boolean;
}
