import { setTimeout as sleep } from 'node:timers/promises';

/** How long a disk that is full is left alone. */
const PAUSE_MS = 500;

/** Does something that needs room on a disk, again and again while there is none. */
export async function untilRoom<T>(act: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await act();
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOSPC' && code !== 'EDQUOT') throw error;
      await sleep(PAUSE_MS);
    }
  }
}
