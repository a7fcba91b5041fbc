import type { Host } from './host';
import { earliestPlace, gpusIn, NO_CLAIMS, notBefore, placeIn, timesBeside, type ClaimedRoom } from './plan';
import type { Pool } from './pool';
import type { Entry } from './queue';
import { NOTHING_RESERVED, type Reserved } from './reserved';
import { startOf } from './reserved-later';
import { isWantedBy, type Place, type Shape } from './shape';

export interface Promised extends Place {
  /** Whether there is room before, and reservations alone keep the run from it. */
  isHeldUp: boolean;
}

/** The earliest place of a waiting run that neither leases nor reservations keep from it; null where it will fit nowhere. */
export function promisedPlace(
  pool: Pool,
  reserved: Reserved,
  entry: Entry,
  nowMs: number,
  claimed: ClaimedRoom = NO_CLAIMS,
): Promised | null {
  const { shape } = entry.of;
  const first = earliestPlace(pool, shape, nowMs, claimed);
  return besideReservations({ pool, reserved, nowMs }, entry, first, () => timesBeside(pool, shape, claimed));
}

/** The same by times that are known; see `timesIn` in policy/pool/earliest. */
export function promisedIn(known: Known, entry: Entry, rows: Float64Array): Promised | null {
  const first = notBefore(placeIn(known.pool, entry.of.shape, rows), known.nowMs);
  return besideReservations(known, entry, first, () => rows);
}

interface Known {
  readonly pool: Pool;
  readonly reserved: Reserved;
  readonly nowMs: number;
}

function besideReservations(
  { pool, reserved, nowMs }: Known,
  { request, of: { shape } }: Entry,
  first: Place | null,
  times: () => Float64Array,
): Promised | null {
  if (!first || shape.gpus === 0 || reserved === NOTHING_RESERVED) return first && { ...first, isHeldUp: false };
  const rows = times().slice();
  let place = first;
  const heldUpTo = new Set<number>();
  const modelsOf = modelsFor(shape);
  for (;;) {
    const fromMs = Math.max(nowMs, place.atMs);
    const atMs = startOf({ pool, reserved, nowMs }, { request, gpus: gpusIn(place, shape), atMs: fromMs });
    if (atMs <= fromMs) return { atMs, places: place.places, isHeldUp: heldUpTo.has(atMs) };
    heldUpTo.add(atMs);
    // GPUs of the same models would be kept from it elsewhere as well.
    const makes = new Set([...place.places.keys()].map((host) => modelsOf(host)));
    raise(rows, { shape, hosts: pool.hosts.filter((host) => makes.has(modelsOf(host))), atMs });
    place = placeIn(pool, shape, rows)!;
  }
}

/** The models of a host that a shape could have, in one text; hosts of one kind have the same. */
function modelsFor(shape: Shape): (host: Host) => string {
  const known = new Map<string, string>();
  return ({ kind, usable }) => {
    const models =
      known.get(kind) ?? [...usable.values()].flatMap((gpu) => (isWantedBy(gpu, shape) ? gpu.model : [])).join('\n');
    known.set(kind, models);
    return models;
  };
}

/** Nothing is there before a time; what never is stays so. */
function raise(
  rows: Float64Array,
  { shape, hosts, atMs }: { shape: Shape; hosts: readonly Host[]; atMs: number },
): void {
  for (const { index } of hosts) {
    for (let at = index * shape.nodes; at < (index + 1) * shape.nodes; at += 1) rows[at] = Math.max(rows[at]!, atMs);
  }
}
