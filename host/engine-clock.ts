import type { Engine } from '../docker/engine';

/** The clock of the engine's machine. */
export interface EngineClock {
  /** Milliseconds since 1970; before the first {@link EngineClock.adjust} that came to pass, by the clock of this machine. */
  now(): number;
  /** Asks the engine for its time, once. */
  adjust(): Promise<void>;
}

/** Less than this is the way to the engine and back, and how it rounds, not another clock. */
const SAME_CLOCK_MS = 1000;

export function createEngineClock(engine: Pick<Engine, 'info'>): EngineClock {
  let aheadMs = 0;
  let adjusted: Promise<void> | null = null;
  const adjust = async (): Promise<void> => {
    const { time } = await engine.info();
    const differenceMs = Date.parse(time) - Date.now();
    aheadMs = Math.abs(differenceMs) < SAME_CLOCK_MS ? 0 : differenceMs;
  };
  return {
    now: () => Date.now() + aheadMs,
    adjust: () => {
      adjusted ??= adjust().catch((error: unknown) => {
        adjusted = null;
        throw error;
      });
      return adjusted;
    },
  };
}
