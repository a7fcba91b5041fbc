/** Longer waits are not a receiver's to ask for: a day is all that a delivery has. */
const LONGEST_MS = 6 * 3_600_000;

/**
 * Milliseconds that a receiver asks to be left alone, from its header Retry-After: seconds, or a date. Undefined where it
 * says nothing that can be read.
 */
export function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  if (!/^(\d{1,9}|[A-Z].* GMT)$/.test(text)) return undefined;
  const waitMs = /^\d/.test(text) ? Number(text) * 1_000 : Date.parse(text) - nowMs;
  return Number.isNaN(waitMs) ? undefined : Math.min(LONGEST_MS, Math.max(0, waitMs));
}
