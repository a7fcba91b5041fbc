/** Chance that a seed repeats: the same seed gives the same numbers, on every machine. */
export interface Random {
  /** A whole number from `least` to `most`, both included. */
  whole(least: number, most: number): number;
  pick<T>(items: readonly T[]): T;
  shuffled<T>(items: readonly T[]): T[];
  /** Chance of its own for one use, so that how often another is asked changes nothing in it. */
  fork(use: string): Random;
}

export function seededRandom(seed: string): Random {
  const next = mulberry32(hash(seed));
  const whole = (least: number, most: number): number => least + Math.floor(next() * (most - least + 1));
  return {
    whole,
    pick: (items) => {
      if (items.length === 0) throw new RangeError('there is nothing to pick from');
      return items[whole(0, items.length - 1)]!;
    },
    shuffled: (items) => {
      const rest = [...items];
      return items.map(() => rest.splice(whole(0, rest.length - 1), 1)[0]!);
    },
    fork: (use) => seededRandom(`${seed}/${use}`),
  };
}

/** Tommy Ettinger's generator of 32 bits of state: small, and good enough to choose whom to kill. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** FNV-1a of the text. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const char of text) value = Math.imul(value ^ char.codePointAt(0)!, 0x01000193);
  return value;
}
