import { setTimeout as sleep } from 'node:timers/promises';

import type { Logger } from 'pino';

import type { AttemptIdentity } from '../contract/activities';
import type { HostNotice, NoticeTopic } from '../contract/notice';
import { newsIn, type News, type Notices, type ToldNotices } from './notices';

/** Brings notices to one run. */
export interface NoticePost {
  /** What the run shall know now; it takes the place of what was wanted before, delivered or not. */
  want(notices: Notices): void;
  /** What it was told and is not over yet. */
  told(): ToldNotices;
  close(): void;
}

export interface NoticePostDeps {
  /** False where the run has ended. */
  sendNotice: (runId: string, notice: HostNotice) => Promise<boolean>;
  log: Logger;
}

const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 30_000;

/**
 * Sends what the run does not know yet, one notice at a time, again and again until it arrives. What is over before it could
 * be sent is never sent, so nothing piles up however long the run cannot be reached.
 */
export function createNoticePost(
  { sendNotice, log }: NoticePostDeps,
  { runId, attempt, epoch }: AttemptIdentity,
  before: ToldNotices,
): NoticePost {
  const closing = new AbortController();
  const told = new Map(Object.entries(before) as [NoticeTopic, string][]);
  let wanted: Notices = new Map();
  let delivering = false;
  let retryMs = FIRST_RETRY_MS;

  const deliverOne = async ({ topic, message }: News): Promise<void> => {
    try {
      if (!(await sendNotice(runId, { attempt, epoch, topic, message }))) closing.abort();
      note(told, { topic, message });
      retryMs = FIRST_RETRY_MS;
    } catch (error) {
      if (retryMs === FIRST_RETRY_MS) log.warn({ err: error, runId, topic }, 'A run cannot be told; trying again');
      await sleep(retryMs, undefined, { signal: closing.signal }).catch(() => undefined);
      retryMs = Math.min(LONGEST_RETRY_MS, retryMs * 2);
    }
  };

  const deliver = async (): Promise<void> => {
    delivering = true;
    for (let news = newsIn(wanted, told); news !== null && !closing.signal.aborted; news = newsIn(wanted, told)) {
      await deliverOne(news);
    }
    delivering = false;
  };

  return {
    want: (notices) => {
      wanted = notices;
      if (!delivering) void deliver();
    },
    told: () => Object.fromEntries(told),
    close: () => closing.abort(),
  };
}

function note(told: Map<NoticeTopic, string>, { topic, message }: News): void {
  if (message === null) told.delete(topic);
  else told.set(topic, message);
}
