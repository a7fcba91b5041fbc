import type { Pool } from './pool';

/** When a decision may change although nothing happens: a reservation begins or ends, or those that wait have aged. */
export function nextLookAt({ settings, queue, reservations }: Pool, nowMs: number): number | null {
  const edges = reservations.flatMap(({ from, until }) => [Date.parse(from), Date.parse(until)]);
  const ageing = queue.entries.size > 0 && settings.ageingMs > 0 ? [nowMs + settings.ageingMs] : [];
  const next = Math.min(...edges.filter((atMs) => atMs > nowMs), ...ageing);
  return Number.isFinite(next) ? next : null;
}
