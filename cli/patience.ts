import { setTimeout as delay } from 'node:timers/promises';

import { ProblemError, ServerUnreachableError } from './errors';

/** How long a server may be away, as while it is started again, before a command that follows a run gives up. */
export const PATIENCE_MS = 60_000;
export const ASK_AGAIN_MS = 250;

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

/** Whether the server is only away; anything else that it says is an answer. */
export function isAway(error: unknown): boolean {
  return error instanceof ServerUnreachableError || (error instanceof ProblemError && error.status >= 502);
}
