import type { Random } from '../random';

/** The processes that are killed and frozen. */
export const PARTS = ['api', 'control', 'host', 'temporal', 'engine'] as const;

export type PartName = (typeof PARTS)[number];

/** SIGKILL to a part, or SIGSTOP to it and SIGCONT after a while. */
export type Blow =
  | {
      how: 'kill';
      part: PartName;
      pauseMs: number;
      /** How long the engine stays away; the other parts are started again by their supervisor. */ awayMs: number;
    }
  | { how: 'freeze'; part: PartName; pauseMs: number; forMs: number };

export interface BlowOptions {
  rounds: number;
  parts: readonly PartName[];
  freezeMs: number;
}

/** Between two blows. */
const SHORTEST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 6_000;
const LONGEST_AWAY_MS = 5_000;

/**
 * The blows of each round: every part killed once and one part frozen, in random order. Which one is frozen goes round, so
 * that each has its turn in as many rounds as there are parts.
 */
export function planBlows(random: Random, { rounds, parts, freezeMs }: BlowOptions): Blow[][] {
  let toFreeze: PartName[] = [];
  return Array.from({ length: rounds }, () => {
    if (toFreeze.length === 0) toFreeze = random.shuffled(parts);
    const pauseMs = (): number => random.whole(SHORTEST_PAUSE_MS, LONGEST_PAUSE_MS);
    const kills = parts.map((part): Blow => ({
      how: 'kill',
      part,
      pauseMs: pauseMs(),
      awayMs: random.whole(0, LONGEST_AWAY_MS),
    }));
    const freeze: Blow = { how: 'freeze', part: toFreeze.pop()!, pauseMs: pauseMs(), forMs: freezeMs };
    return random.shuffled([...kills, freeze]);
  });
}

export function describeBlow(blow: Blow): string {
  return blow.how === 'kill' ? `kill ${blow.part}` : `freeze ${blow.part} for ${blow.forMs / 1000} s`;
}
