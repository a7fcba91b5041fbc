import { setTimeout as delay } from 'node:timers/promises';

import { ProblemError, ServerUnreachableError } from './errors';

/** How long a server may be away, as while it is started again, before a command that follows a run gives up. */
export const PATIENCE_MS = 60_000;
export const ASK_AGAIN_MS = 250;

/** An answer that has gone on for so long came from a server that is well, although it has brought nothing. */
const STEADY_MS = 15_000;

/** Told once when the server is lost, and once when it is back. */
export type OnAway = (away: boolean) => void;

/** Asks until the server answers, for a minute. */
export async function patiently<T>(
  ask: () => Promise<T>,
  { signal, onAway }: { signal: AbortSignal; onAway: OnAway },
): Promise<T> {
  const giveUpAtMs = Date.now() + PATIENCE_MS;
  for (let away = false; ; away = true) {
    try {
      const answer = await ask();
      if (away) onAway(false);
      return answer;
    } catch (error) {
      if (!isAway(error) || signal.aborted || Date.now() > giveUpAtMs) throw error;
      if (!away) onAway(true);
    }
    await delay(ASK_AGAIN_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** How long somebody who follows something puts up with the loss of answers. */
export interface FollowPatience {
  /** The head of an answer is there. */
  opened(): void;
  /** An answer has brought something. */
  gained(): void;
  /** An answer was ended by the server. */
  ended(): void;
  /** An answer was lost, or did not come; false where that has gone on for too long. */
  outlasts(): boolean;
}

/**
 * Patience for a minute from the first loss on. It begins anew with what an answer brings, and with an answer that has gone
 * on for a while; not with its head alone, or answers that all break off at once would be asked for without an end.
 */
export function createFollowPatience(onAway: OnAway): FollowPatience {
  let lostAtMs: number | null = null;
  let openedAtMs: number | null = null;
  let isAwayTold = false;
  const tell = (away: boolean): void => {
    if (away !== isAwayTold) onAway(away);
    isAwayTold = away;
  };
  return {
    opened: () => {
      openedAtMs = Date.now();
      tell(false);
    },
    gained: () => {
      lostAtMs = null;
    },
    ended: () => {
      lostAtMs = null;
      openedAtMs = null;
    },
    outlasts: () => {
      const nowMs = Date.now();
      // An answer that broke off says nothing of the server yet: a proxy may have cut it, or it was silent for too long.
      if (openedAtMs === null) tell(true);
      else if (nowMs - openedAtMs >= STEADY_MS) lostAtMs = null;
      openedAtMs = null;
      lostAtMs ??= nowMs;
      return nowMs - lostAtMs <= PATIENCE_MS;
    },
  };
}

/** Whether the server is only away; anything else that it says is an answer. */
export function isAway(error: unknown): boolean {
  return error instanceof ServerUnreachableError || (error instanceof ProblemError && error.status >= 502);
}
