import { timeLimit } from '../../contract/time-limit';
import { setTimeout as sleep } from 'node:timers/promises';

const ANSWER_WITHIN_MS = 10_000;
const ASK_AGAIN_AFTER_MS = 500;
const TOLD_TO_COME_BACK = [429, 503];

export interface Answer {
  status: number;
  body: string;
}

/** How a client of chaos speaks to the API: patient with one that is away, and unforgiving of one that is wrong. */
export interface Asker {
  /**
   * Asks until there is an answer that is not "come back later", as a client with an Idempotency-Key may.
   *
   * @throws where `stopped` is aborted first.
   */
  ask(path: string, init?: RequestInit): Promise<Answer>;
}

/** @param complain takes a sentence for each answer that the API should never give, whatever is killed. */
export function createAsker(apiUrl: string, complain: (sentence: string) => void, stopped: AbortSignal): Asker {
  return {
    ask: async (path, init = {}) => {
      for (;;) {
        const answer = await askOnce(`${apiUrl}${path}`, init, stopped);
        if (answer !== null && answer.status >= 500 && answer.status !== 503) {
          complain(`${init.method ?? 'GET'} ${path} was answered ${answer.status}: ${answer.body.slice(0, 500)}`);
        }
        if (answer !== null && answer.status < 500 && !TOLD_TO_COME_BACK.includes(answer.status)) return answer;
        await sleep(ASK_AGAIN_AFTER_MS, undefined, { signal: stopped });
      }
    },
  };
}

/** Null where nobody answered: the API is away, or was killed over the question. */
async function askOnce(url: string, init: RequestInit, stopped: AbortSignal): Promise<Answer | null> {
  try {
    const response = await fetch(url, {
      ...init,
      signal: AbortSignal.any([stopped, timeLimit(ANSWER_WITHIN_MS)]),
    });
    return { status: response.status, body: await response.text() };
  } catch {
    stopped.throwIfAborted();
    return null;
  }
}
