import { setTimeout as sleep } from 'node:timers/promises';

import type { ContainerUsage, Engine } from '../docker/engine';

/** Looks now and then at what one container uses, and keeps the most of each. */
export interface UsageMeter {
  /** What was seen so far, by this process and by who looked before. */
  seen(): ContainerUsage;
  /** Looks once more; of what has ended, only where it is still known. */
  look(): Promise<void>;
  end(): void;
}

/** Soon: what goes wrong in training often does at once. */
const FIRST_LOOK_MS = 1000;
const LOOK_EVERY_MS = 5000;

const NOTHING: ContainerUsage = { peakMemoryBytes: null, cpuSeconds: null, oomKills: null };

/**
 * @param before what was seen by the one who followed the container before, in another process; plain JSON, for the heartbeats.
 */
export function startUsageMeter(
  engine: Pick<Engine, 'usage'>,
  containerId: string,
  before: ContainerUsage | undefined,
): UsageMeter {
  let seen = before ?? NOTHING;
  const ending = new AbortController();

  const look = async (): Promise<void> => {
    try {
      const usage = await engine.usage(containerId);
      if (usage !== null) seen = mostOf(seen, usage);
    } catch {
      // What is wrong with the engine is for its health to say; nothing is known of this moment.
    }
  };

  const lookOn = async (): Promise<void> => {
    for (let waitMs = FIRST_LOOK_MS; !ending.signal.aborted; waitMs = LOOK_EVERY_MS) {
      await sleep(waitMs, undefined, { signal: ending.signal }).catch(() => undefined);
      if (!ending.signal.aborted) await look();
    }
  };

  void lookOn();
  return { seen: () => seen, look, end: () => ending.abort() };
}

function mostOf(one: ContainerUsage, other: ContainerUsage): ContainerUsage {
  const most = (name: keyof ContainerUsage): number | null => {
    const [a, b] = [one[name], other[name]];
    return a === null || b === null ? (a ?? b) : Math.max(a, b);
  };
  return { peakMemoryBytes: most('peakMemoryBytes'), cpuSeconds: most('cpuSeconds'), oomKills: most('oomKills') };
}
