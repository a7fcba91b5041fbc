import type { NoticeTopic } from '../contract/notice';
import type { EngineView } from './engine-views';

/** What a run should be told now, a sentence for each topic. */
export type Notices = ReadonlyMap<NoticeTopic, string>;

/** What a run was told of its container and is not over yet: plain JSON, for the heartbeats of who follows it. */
export type ToldNotices = Partial<Record<NoticeTopic, string>>;

/** An engine that is away for a shorter time is nothing that a person need know. */
const AWAY_AFTER_MS = 3000;

export interface WatchedContainer {
  containerId: string;
  /** Name of its host. */
  host: string;
  /** True where it is paused, and not by us. */
  paused: boolean;
}

/** What there is to tell of a container, from a look at its engine and from its pump. */
export function noticesOf(container: WatchedContainer, view: EngineView, ofPump: Notices, now: Date): Notices {
  const { awaySince } = view;
  const away = awaySince !== null && now.getTime() - awaySince.getTime() >= AWAY_AFTER_MS;
  return new Map([
    ...(away ? [['engine-away', tellAway(container.host, view)] as const] : []),
    ...(container.paused ? [['paused', tellPaused(container)] as const] : []),
    ...ofPump,
  ]);
}

function tellAway(host: string, { awaySince, liveRestore }: EngineView): string {
  const since = `The Docker Engine of ${host} has not answered since ${awaySince!.toISOString()}`;
  if (liveRestore === false) {
    return `${since}; it has no live-restore, so if it was stopped or is started again, the container ends and the run tries once more.`;
  }
  return `${since}; the container goes on, and its log follows when the engine is back.`;
}

function tellPaused({ containerId, host }: WatchedContainer): string {
  const mend = `docker unpause ${containerId.slice(0, 12)}`;
  return `Somebody has paused the container, so nothing of it runs, while its time limits do; on ${host}, let it go on with: ${mend}`;
}

/** A difference between what is so and what the run was told; `message` null: it is over. */
export interface News {
  topic: NoticeTopic;
  message: string | null;
}

/** One thing that the run was not told yet; null where there is none. */
export function newsIn(wanted: Notices, told: Notices): News | null {
  for (const topic of told.keys()) if (!wanted.has(topic)) return { topic, message: null };
  for (const [topic, message] of wanted) if (told.get(topic) !== message) return { topic, message };
  return null;
}
