import type { Reservation } from '../../contract/pool';
import { stateOf, type Host } from './host';
import type { Pool } from './pool';
import { isWithin } from './reserved';
import { isNamed } from './shape';
import { clockText, gpusText, listedBriefly } from './words';

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
      const total = gpusThatCount(pool, gpuModel);
      if (reserved + wanted.gpus <= total) continue;
      const has = `pool ${pool.name} has ${gpusText(total, { gpuModel, gpuMemoryBytes: 0 })}`;
      const others = reserved > 0 ? `, of which ${reserved} are reserved at ${clockText(atMs, nowMs)}` : '';
      return `gpus: ${wanted.gpus} is more than can be reserved: ${has}${others}; ${whatCounts(pool)}`;
    }
  }
  return null;
}

/** Of all hosts that may be back by then; a GPU that two engines of one machine report is one. */
function gpusThatCount({ hosts }: Pool, gpuModel: string | null): number {
  const gpus = hosts.filter((host) => !isLost(host)).flatMap(({ facts }) => facts.gpus);
  return new Set(gpus.filter(({ model }) => isNamed(model, gpuModel)).map(({ id }) => id)).size;
}

function whatCounts({ hosts }: Pool): string {
  const lost = hosts.filter(isLost).map(({ name }) => `host ${name}`);
  const besides =
    lost.length === 0
      ? 'only lost ones do not'
      : `not ${listedBriefly(lost)}, which ${lost.length === 1 ? 'is' : 'are'} lost`;
  return `hosts that are cordoned or silent just now count, ${besides}`;
}

const isLost = (host: Host): boolean => host.gone || stateOf(host) === 'lost';

function isSame(one: Reservation, other: Reservation): boolean {
  const parts = ({ project, gpus, gpuModel, from, until }: Reservation): string =>
    JSON.stringify([project, gpus, gpuModel, from, until]);
  return parts(one) === parts(other);
}
