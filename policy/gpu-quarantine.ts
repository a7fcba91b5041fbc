import type { GpuTrouble } from '../contract/gpu';

/** What keeps a GPU from being given out, and how often in a row nothing was found any more. */
export interface Quarantine {
  trouble: GpuTrouble;
  /** One sentence. */
  detail: string;
  freeLooks: number;
}

/** One look can fall between two programs of the same stranger, or between a reset and the next error. */
const FREE_LOOKS = 2;

/**
 * The quarantine of a GPU after another look; it ends by itself once nothing was found twice in a row.
 *
 * @param before undefined where it had none.
 * @param found what the look found; null where nothing.
 * @returns undefined where the GPU can be given out.
 */
export function quarantineAfter(
  before: Quarantine | undefined,
  found: Omit<Quarantine, 'freeLooks'> | null,
): Quarantine | undefined {
  if (found !== null) return { ...found, freeLooks: 0 };
  if (before === undefined || before.freeLooks + 1 >= FREE_LOOKS) return undefined;
  return { ...before, freeLooks: before.freeLooks + 1 };
}
