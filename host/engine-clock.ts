import type { Engine } from '../docker/engine';

/** The clock of the engine's machine. */
export interface EngineClock {
  /** Milliseconds since 1970; before the first {@link EngineClock.adjust} that came to pass, by the clock of this machine. */
  now(): number;
  /** By how much it is ahead of the clock of this machine, in milliseconds. */
  readonly aheadMs: number;
  /** Asks the engine for its time, once. */
  adjust(): Promise<void>;
}

export function createEngineClock(engine: Pick<Engine, 'info'>): EngineClock {
  let aheadMs = 0;
  let adjusted: Promise<void> | null = null;
  const adjust = async (): Promise<void> => {
    const askedMs = Date.now();
    const thereMs = Date.parse((await engine.info()).time);
    // What lies between question and answer is the same clock; else the least that explains it.
    aheadMs = Math.max(0, thereMs - Date.now()) + Math.min(0, thereMs - askedMs);
  };
  return {
    now: () => Date.now() + aheadMs,
    get aheadMs() {
      return aheadMs;
    },
    adjust: () => {
      adjusted ??= adjust().catch((error: unknown) => {
        adjusted = null;
        throw error;
      });
      return adjusted;
    },
  };
}
