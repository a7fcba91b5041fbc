import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Waits until a condition holds, and returns what it gave. What the condition throws, and anything falsy, means not yet.
 *
 * @throws {Error} after `timeoutMs` (default 20,000), with the last thing that the condition gave or threw.
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  { timeoutMs = 20_000, everyMs = 50 }: { timeoutMs?: number; everyMs?: number } = {},
): Promise<Exclude<T, false | 0 | '' | null | undefined>> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const outcome = await attempt(condition);
    if ('value' in outcome && outcome.value) return outcome.value as Exclude<T, false | 0 | '' | null | undefined>;
    if (Date.now() >= deadline) {
      const last = 'value' in outcome ? `gave ${JSON.stringify(outcome.value)}` : `threw ${String(outcome.error)}`;
      throw new Error(`the condition did not hold within ${timeoutMs} ms; at last it ${last}: ${String(condition)}`, {
        cause: 'error' in outcome ? outcome.error : undefined,
      });
    }
    await sleep(everyMs);
  }
}

async function attempt<T>(condition: () => T | Promise<T>): Promise<{ value: T } | { error: unknown }> {
  try {
    return { value: await condition() };
  } catch (error) {
    return { error };
  }
}
