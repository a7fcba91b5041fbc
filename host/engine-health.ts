import { setTimeout as sleep } from 'node:timers/promises';

import type { Engine, EngineInfo } from '../docker/engine';
import { EngineUnavailableError } from '../docker/errors';

/** How often the engine is asked, and how long it may take to answer. */
const ASK_EVERY_MS = 5000;

/** Whether the engine of this host answers: asked by one loop for everybody who wants to know. */
export interface EngineHealth {
  /** What it said last; null while it does not answer. */
  info(): EngineInfo | null;
  /** Why it does not answer; null while it does. */
  problem(): string | null;
  /** Since when it has not answered; null while it does. */
  awaySince(): Date | null;
  /** Resolves once it has not answered for this long; rejects with the reason of `signal`. */
  awayFor(ms: number, signal: AbortSignal): Promise<void>;
  /** Asks it now; resolves when it is known whether it answers. */
  ask(): Promise<void>;
  /** Resolves when it has been asked for the first time. */
  asked: Promise<void>;
  stop(): Promise<void>;
}

export function watchEngine(engine: Pick<Engine, 'info'>, everyMs = ASK_EVERY_MS): EngineHealth {
  const stopping = new AbortController();
  const state: State = { info: null, problem: null, awaySince: null };
  const ask = createAsker(engine, state, everyMs);
  const asked = ask();
  const running = asked.then(async () => {
    while (!stopping.signal.aborted) {
      await sleep(everyMs, undefined, { signal: stopping.signal, ref: false }).catch(() => undefined);
      if (!stopping.signal.aborted) await ask();
    }
  });

  return {
    info: () => state.info,
    problem: () => state.problem,
    awaySince: () => state.awaySince,
    awayFor: async (ms, signal) => {
      while (state.awaySince === null || Date.now() - state.awaySince.getTime() < ms) {
        await sleep(everyMs, undefined, { signal, ref: false });
      }
    },
    ask,
    asked,
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

interface State {
  info: EngineInfo | null;
  problem: string | null;
  awaySince: Date | null;
}

/** Asks the engine each time it is called, and notes what comes of it. */
function createAsker(engine: Pick<Engine, 'info'>, state: State, patienceMs: number): () => Promise<void> {
  let asking: Promise<EngineInfo> | null = null;
  // An engine that hangs takes one call, however long it hangs.
  const askOnce = (): Promise<EngineInfo> =>
    (asking ??= engine.info().finally(() => {
      asking = null;
    }));
  return async () => {
    try {
      state.info = await within(patienceMs, askOnce());
      state.problem = null;
      state.awaySince = null;
    } catch (error) {
      state.info = null;
      state.problem = error instanceof Error ? error.message : String(error);
      state.awaySince ??= new Date();
    }
  };
}

async function within<T>(ms: number, answer: Promise<T>): Promise<T> {
  const timer = new AbortController();
  const late = sleep(ms, null, { signal: timer.signal, ref: false }).then(() => {
    throw new EngineUnavailableError(`the Docker Engine has not answered for ${ms / 1000} s`);
  });
  // Whichever comes second is of no interest.
  for (const each of [late, answer]) each.catch(() => undefined);
  return Promise.race([answer, late]).finally(() => timer.abort());
}
