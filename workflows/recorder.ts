import { CancellationScope } from '@temporalio/workflow';

import type { RecordRunInput } from '../contract/activities';
import type { PoolWord } from '../contract/pool-messages';
import type { RunEvent, RunStatus } from '../contract/run';
import type { RunSpec } from '../contract/spec';
import { quickControl } from './calls';

export interface Recorder {
  /** Puts the spec into the next update. */
  attachSpec(spec: RunSpec): void;
  /** Tells the read model of a change, in the background: a store that is away holds up no training. */
  record(event: RunEvent): void;
  /** The same for what is followed by another change in the same turn: both are one update. */
  recordWithNext(event: RunEvent): void;
  /** Puts what the pool is to be told into the next update. */
  tellPool(word: PoolWord): void;
  /** Of the newest update; 0 before the first. */
  revision(): number;
  /** Resolves when all that was told is stored. */
  flushed(): Promise<void>;
}

/**
 * Keeps the read model up to date: one update at a time, in order, each with the newest state and all events since the one
 * before, so that a slow store gets fewer updates and not a longer queue.
 */
export function createRecorder(status: () => RunStatus): Recorder {
  let revision = 0;
  let waiting: RunEvent[] = [];
  let more: Pick<RecordRunInput, 'spec' | 'toPool'> = {};
  let sending: Promise<void> | null = null;

  async function sendAll(): Promise<void> {
    while (waiting.length > 0 || more.toPool !== undefined) {
      const update: RecordRunInput = { revision: (revision += 1), ...status(), events: waiting, ...more };
      waiting = [];
      more = {};
      await CancellationScope.nonCancellable(async () => quickControl.recordRun(update));
    }
    sending = null;
  }

  // The first update of a turn waits for the turn to end, so that what happens in it is one update.
  const send = (): void => {
    sending ??= Promise.resolve().then(sendAll);
  };

  return {
    attachSpec: (spec) => void (more.spec = spec),
    record: (event) => {
      waiting.push(event);
      send();
    },
    tellPool: (word) => {
      more.toPool = [...(more.toPool ?? []), word];
    },
    recordWithNext: (event) => void waiting.push(event),
    revision: () => revision,
    flushed: async () => {
      if (waiting.length > 0 || more.toPool !== undefined) send();
      await sending;
    },
  };
}
