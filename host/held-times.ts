/** `slow`: a hundredth of a CPU. `pause`: nothing at all, which can cost a program that takes no short writes its output. */
export type BrakeLevel = 'slow' | 'pause';

/** When one container was held, by what was done to it. */
export interface HeldTimes {
  /** It is held from now on. */
  begin(level: BrakeLevel): void;
  /** It is not any more, or is about to be let go. */
  end(): void;
  /** For how long, between two moments, it could print next to nothing, in milliseconds. */
  heldMs(fromMs: number, toMs: number): number;
}

/** How much of a time at a level counts. A hundredth of a CPU prints little, but not nothing. */
const SHARE: Record<BrakeLevel, number> = { slow: 0.9, pause: 1 };
/** Older times are of no use to anybody: their records were read long ago. */
const KEPT = 64;

interface Held {
  level: BrakeLevel;
  fromMs: number;
  toMs: number;
}

/** @param now the time by the clock of the engine, in milliseconds since 1970. */
export function createHeldTimes(now: () => number): HeldTimes {
  const times: Held[] = [];

  const end = (): void => {
    const last = times.at(-1);
    if (last?.toMs === Number.POSITIVE_INFINITY) last.toMs = now();
  };

  return {
    begin: (level) => {
      end();
      times.push({ level, fromMs: now(), toMs: Number.POSITIVE_INFINITY });
      if (times.length > KEPT) times.shift();
    },
    end,
    heldMs: (fromMs, toMs) => times.reduce((sum, held) => sum + SHARE[held.level] * overlap(held, fromMs, toMs), 0),
  };
}

function overlap(held: Held, fromMs: number, toMs: number): number {
  return Math.max(0, Math.min(held.toMs, toMs) - Math.max(held.fromMs, fromMs));
}
