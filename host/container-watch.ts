import type { Logger } from 'pino';

import type { Config } from '../config/config';
import type { FollowContainerInput } from '../contract/activities';
import type { HostNotice } from '../contract/notice';
import type { EngineView, EngineViews } from './engine-views';
import { createNoticePost } from './notice-post';
import { noticesOf, type News, type Notices, type ToldNotices } from './notices';

/** The eye on one container while it is followed. */
export interface ContainerWatch {
  /** What the run was told and is not over yet. */
  told(): ToldNotices;
  /** Whether the engine had live-restore when it was first seen; null where it was not seen yet. */
  liveRestore(): boolean | null;
  end(): void;
}

export interface ContainerWatches {
  /**
   * Watches over a container and sends its run a notice when something begins and when it is over.
   *
   * @param told what the run was told by the one who followed the container before, in another process.
   */
  begin(input: FollowContainerInput, told: ToldNotices): ContainerWatch;
  /** Takes what the pump of a container has to tell; it is passed on while the container is watched over. */
  takeFromPump(containerId: string, news: News): void;
  /** For a container that has ended. */
  forget(containerId: string): void;
}

export interface ContainerWatchDeps {
  engineViews: Pick<EngineViews, 'subscribe'>;
  /** Brings a notice to a run; false where the run has ended. */
  sendNotice: (runId: string, notice: HostNotice) => Promise<boolean>;
  /** True where it is we who have paused a container, and nobody by hand. */
  isPausedByUs: (containerId: string) => boolean;
  config: { host: Pick<Config['host'], 'name'> };
  log: Logger;
}

/** What is known of a container from one follow to the next. */
interface Memory {
  told: ToldNotices;
  ofPump: Map<News['topic'], string>;
}

export function createContainerWatches(deps: ContainerWatchDeps): ContainerWatches {
  const memories = new Map<string, Memory>();
  const memoryOf = (containerId: string): Memory => {
    const memory = memories.get(containerId) ?? { told: {}, ofPump: new Map() };
    memories.set(containerId, memory);
    return memory;
  };

  const begin: ContainerWatches['begin'] = (input, told) => {
    const memory = memoryOf(input.containerId);
    const watch = beginWatch(deps, input, () => memory.ofPump, { ...told, ...memory.told });
    const end = (): void => {
      watch.end();
      memory.told = watch.told();
    };
    return { ...watch, end };
  };

  const takeFromPump: ContainerWatches['takeFromPump'] = (containerId, { topic, message }) => {
    if (message === null) memories.get(containerId)?.ofPump.delete(topic);
    else memoryOf(containerId).ofPump.set(topic, message);
  };

  return { begin, takeFromPump, forget: (containerId) => void memories.delete(containerId) };
}

/** A container must be seen paused this often in a row: what a listing tells may be over when it arrives. */
const PAUSED_LOOKS = 2;

function beginWatch(
  deps: ContainerWatchDeps,
  input: FollowContainerInput,
  ofPump: () => Notices,
  told: ToldNotices,
): ContainerWatch {
  const { host } = deps.config;
  const { containerId } = input;
  const post = createNoticePost(deps, input, told);
  let pausedLooks = 0;
  let liveRestore: boolean | null = null;

  const onView = (view: EngineView): void => {
    liveRestore ??= view.liveRestore;
    if (view.states !== null) {
      const paused = view.states.get(containerId) === 'paused' && !deps.isPausedByUs(containerId);
      pausedLooks = paused ? pausedLooks + 1 : 0;
    }
    const container = { containerId, host: host.name, paused: pausedLooks >= PAUSED_LOOKS };
    // An engine that is away is no news for a local process.
    post.want(input.asProcess ? ofPump() : noticesOf(container, view, ofPump(), new Date()));
  };

  const unsubscribe = deps.engineViews.subscribe(onView);
  return {
    told: () => post.told(),
    liveRestore: () => liveRestore,
    end: () => {
      unsubscribe();
      post.close();
    },
  };
}
