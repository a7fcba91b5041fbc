import { setTimeout as sleep } from 'node:timers/promises';

import type { Logger } from 'pino';

import { LABELS } from '../contract/names';
import { timeLimit } from '../contract/time-limit';
import type { Engine } from '../docker/engine';
import type { EngineHealth } from './engine-health';
import { ownContainers } from './own-containers';

/** How the engine of a host looks just now. */
export interface EngineView {
  /** Since when it has not answered; null while it does. */
  awaySince: Date | null;
  /** Whether its containers go on while it restarts, as it last said; null before it said so. */
  liveRestore: boolean | null;
  /** State of each of our containers; null where the engine was not asked, or did not say. */
  states: ReadonlyMap<string, string> | null;
}

export interface EngineViews {
  /** Calls `onView` about every two seconds; returns what ends that. */
  subscribe(onView: (view: EngineView) => void): () => void;
  stop(): Promise<void>;
}

type Subscriber = (view: EngineView) => void;

export interface EngineViewsDeps {
  engine: Pick<Engine, 'listContainers'>;
  health: Pick<EngineHealth, 'info' | 'awaySince'>;
  host: { name: string; installation: string };
  log: Logger;
}

const LOOK_EVERY_MS = 2000;
/** An engine that takes longer is busy or frozen; its health says which. */
const PATIENCE_MS = 3000;

/**
 * Looks at all containers of a host at once: one listing, however many there are. It looks only while somebody wants to
 * know.
 */
export function createEngineViews(deps: EngineViewsDeps): EngineViews {
  const subscribers = new Set<Subscriber>();
  const tell = createTeller(deps.log);
  const stopping = new AbortController();
  let running: Promise<void> | null = null;

  const lookOn = async (): Promise<void> => {
    let liveRestore: boolean | null = null;
    while (subscribers.size > 0 && !stopping.signal.aborted) {
      const states = await statesOn(deps, stopping.signal);
      liveRestore = deps.health.info()?.liveRestore ?? liveRestore;
      for (const onView of subscribers) tell(onView, { awaySince: deps.health.awaySince(), liveRestore, states });
      await sleep(LOOK_EVERY_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
    running = null;
  };

  return {
    subscribe: (onView) => {
      subscribers.add(onView);
      running ??= lookOn();
      return () => void subscribers.delete(onView);
    },
    stop: async () => {
      stopping.abort(new Error('nobody looks at the engine any more'));
      await running;
    },
  };
}

/** Each subscriber is for one container: a fault in it is said once, and is no harm to the others. */
function createTeller(log: Logger): (onView: Subscriber, view: EngineView) => void {
  const failed = new WeakSet<Subscriber>();
  return (onView, view) => {
    try {
      onView(view);
    } catch (error) {
      if (!failed.has(onView)) log.error({ err: error }, 'What watches over a container has failed; it is told again');
      failed.add(onView);
    }
  };
}

async function statesOn(
  { engine, health, host }: EngineViewsDeps,
  stopping: AbortSignal,
): Promise<EngineView['states']> {
  if (health.awaySince() !== null) return null;
  try {
    const signal = AbortSignal.any([stopping, timeLimit(PATIENCE_MS)]);
    const containers = await ownContainers(engine, host, { [LABELS.host]: host.name }, signal);
    return new Map(containers.map(({ id, state }) => [id, state]));
  } catch {
    // What is wrong with the engine is for its health to say.
    return null;
  }
}
