import type { Reservation } from '../../contract/pool';
import type { Pool } from './pool';
import { isWithin } from './reserved';
import { isNamed } from './shape';
import { clockText, gpusText } from './words';

/** A fault in words where the pool could not keep it; null where it is made, or is there already. */
export function makeReservation(pool: Pool, reservation: Reservation, nowMs: number): string | null {
  const fault = faultOf(pool, reservation, nowMs);
  if (fault !== null) return fault;
  if (!pool.reservations.some(({ id }) => id === reservation.id)) pool.reservations.push({ ...reservation });
  return null;
}

export function endReservation(pool: Pool, id: string): boolean {
  const left = pool.reservations.filter((reservation) => reservation.id !== id);
  const wasThere = left.length < pool.reservations.length;
  pool.reservations = left;
  return wasThere;
}

/** Forgets reservations whose time is over. */
export function expireReservations(pool: Pool, nowMs: number): void {
  pool.reservations = pool.reservations.filter(({ until }) => Date.parse(until) > nowMs);
}

function faultOf(pool: Pool, wanted: Reservation, nowMs: number): string | null {
  const known = pool.reservations.find(({ id }) => id === wanted.id);
  if (known) {
    return isSame(known, wanted)
      ? null
      : `id: there is a reservation ${wanted.id} already, for project ${known.project}`;
  }
  const [fromMs, untilMs] = [Date.parse(wanted.from), Date.parse(wanted.until)];
  if (!(fromMs < untilMs)) return `until: ${wanted.until} is not after from, which is ${wanted.from}`;
  if (untilMs <= nowMs) return `until: ${wanted.until} is over already`;
  if (!Number.isInteger(wanted.gpus) || wanted.gpus < 1) return `gpus: ${wanted.gpus} is no whole number of at least 1`;
  return tooMany(pool, wanted, nowMs);
}

/** Looks at each instant of the window at which most may be reserved: its own beginning, and that of each other one in it. */
function tooMany(pool: Pool, wanted: Reservation, nowMs: number): string | null {
  const [fromMs, untilMs] = [Date.parse(wanted.from), Date.parse(wanted.until)];
  const begins = pool.reservations
    .map(({ from }) => Date.parse(from))
    .filter((atMs) => atMs > fromMs && atMs < untilMs);
  for (const atMs of [fromMs, ...begins.toSorted((one, other) => one - other)]) {
    const active = pool.reservations.filter(({ from, until }) => Date.parse(from) <= atMs && atMs < Date.parse(until));
    for (const gpuModel of [wanted.gpuModel, ...active.map((other) => other.gpuModel)]) {
      if (!isWithin(pool, wanted.gpuModel, gpuModel)) continue;
      const within = active.filter((other) => isWithin(pool, other.gpuModel, gpuModel));
      const reserved = within.reduce((sum, { gpus }) => sum + gpus, 0);
      const total = pool.hosts.reduce(
        (sum, { facts }) => sum + facts.gpus.filter(({ model }) => isNamed(model, gpuModel)).length,
        0,
      );
      if (reserved + wanted.gpus <= total) continue;
      const has = `pool ${pool.name} has ${gpusText(total, { gpuModel, gpuMemoryBytes: 0 })}`;
      const others = reserved > 0 ? `, of which ${reserved} are reserved at ${clockText(atMs, nowMs)}` : '';
      return `gpus: ${wanted.gpus} is more than can be reserved: ${has}${others}`;
    }
  }
  return null;
}

function isSame(one: Reservation, other: Reservation): boolean {
  const parts = ({ project, gpus, gpuModel, from, until }: Reservation): string =>
    JSON.stringify([project, gpus, gpuModel, from, until]);
  return parts(one) === parts(other);
}
