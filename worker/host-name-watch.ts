import { setTimeout as sleep } from 'node:timers/promises';

import { hostTaskQueue } from '../contract/names';
import { describePoller, foreignPollers, type HostInstance } from './host-instance';
import type { TemporalLink } from './temporal-link';

const LOOK_EVERY_MS = 30_000;

export interface HostNameWatch {
  /** Who else has the name, in half a sentence; null where nobody has, or nobody could say. */
  clash(): string | null;
  stop(): Promise<void>;
}

/** Two hosts that start in the same moment see nobody yet: so it is looked again while the worker is at work. */
export function watchHostName(name: string, instance: HostInstance, { pollersOf }: TemporalLink): HostNameWatch {
  const stopping = new AbortController();
  let clash: string | null = null;
  const look = async (): Promise<void> => {
    try {
      const [other] = foreignPollers(await pollersOf(hostTaskQueue(name)), instance, Date.now());
      clash =
        other === undefined ? null : `shares its name with another host (${describePoller(other)}); rename one of them`;
    } catch {
      // Temporal is away: what was seen last is the best that is known.
    }
  };
  const running = (async () => {
    while (!stopping.signal.aborted) {
      await sleep(LOOK_EVERY_MS, undefined, { signal: stopping.signal, ref: false }).catch(() => undefined);
      if (!stopping.signal.aborted) await look();
    }
  })();
  return {
    clash: () => clash,
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}
