import { createEventHeap, type EventHeap } from './event-heap';
import type { Watcher } from './simulated-pool';
import type { Load, SimulatedRun } from './simulated-load';

/**
 * First fit with perfect knowledge, the bound that a pool is compared with: whenever something becomes free or comes, whatever
 * fits starts at once on the first host that has room, the runs with the most GPUs first and among equals the one that really
 * lasts longest. It knows no priorities, shares, limits, reservations or preemption, keeps no place for anybody, and loses no
 * host; A100s go before H100s for runs that take either. No order of starts that respects priorities can be expected to fill
 * more; large gangs may wait very long in it.
 */
export function packWithKnowledge(load: Load, watcher: Pick<Watcher, 'gpus'>): void {
  const packing = createPacking(load);
  const { events, hosts } = packing;
  for (let next = events.next(); next; next = events.next()) {
    happen(packing, next.event);
    while (events.nextMs() === next.atMs) happen(packing, events.next()!.event);
    startAll(packing, next.atMs);
    watcher.gpus(next.atMs, packing.heldGpus, hosts.length * 8);
  }
}

interface Room {
  cpus: number;
  memoryBytes: number;
  gpus: number;
  model: string;
}

interface Kind {
  /** The longest last. */
  waiting: SimulatedRun[];
  /** Hosts that have gained something since it was last looked at; null: any may have room. */
  gained: Set<Room> | null;
}

type Event = { kind: 'submit'; run: SimulatedRun } | { kind: 'end'; run: SimulatedRun; rooms: Room[] };

interface Packing {
  readonly events: EventHeap<Event>;
  readonly hosts: Room[];
  /** Those with the most GPUs first. */
  readonly kinds: Map<string, Kind>;
  heldGpus: number;
}

function createPacking(load: Load): Packing {
  const events = createEventHeap<Event>();
  for (const run of load.runs) events.add(run.submitMs, { kind: 'submit', run });
  const hosts = load.hosts
    .map(({ cpus, memoryBytes, gpus }) => ({ cpus, memoryBytes, gpus: gpus.length, model: gpus[0]!.model }))
    .toSorted((one, other) => (one.model < other.model ? -1 : 1));
  const sizes = new Map(load.runs.map((run) => [kindOf(run), run.request.gpus * run.request.nodes]));
  const kinds = [...sizes].toSorted(([, one], [, other]) => other - one).map(([kind]) => kind);
  return {
    events,
    hosts,
    kinds: new Map(kinds.map((kind) => [kind, { waiting: [], gained: new Set<Room>() }])),
    heldGpus: 0,
  };
}

const kindOf = ({ request: { gpus, nodes, cpus, gpuModel } }: SimulatedRun): string =>
  `${gpus} ${nodes} ${cpus} ${gpuModel}`;

function happen(packing: Packing, event: Event): void {
  const { request } = event.run;
  if (event.kind === 'submit') {
    const kind = packing.kinds.get(kindOf(event.run))!;
    if (kind.waiting.length === 0) kind.gained = null;
    const at = kind.waiting.findIndex(({ lengthMs }) => lengthMs >= event.run.lengthMs);
    kind.waiting.splice(at < 0 ? kind.waiting.length : at, 0, event.run);
    return;
  }
  for (const room of event.rooms) change(room, request, -1);
  packing.heldGpus -= request.gpus * request.nodes;
  for (const { gained } of packing.kinds.values()) for (const room of event.rooms) gained?.add(room);
}

function startAll(packing: Packing, nowMs: number): void {
  for (const kind of packing.kinds.values()) {
    for (let run = kind.waiting.at(-1); run; run = kind.waiting.at(-1)) {
      const rooms = roomsFor(packing, kind, run);
      if (!rooms) break;
      kind.waiting.pop();
      for (const room of rooms) change(room, run.request, 1);
      packing.heldGpus += run.request.gpus * run.request.nodes;
      packing.events.add(nowMs + run.lengthMs, { kind: 'end', run, rooms });
    }
    kind.gained = new Set();
  }
}

/** One host for each node; null where there are too few. */
function roomsFor({ hosts }: Packing, { gained }: Kind, { request }: SimulatedRun): Room[] | null {
  const rooms: Room[] = [];
  const some = request.nodes > 1 || gained === null ? hosts : gained;
  for (const room of some) {
    if (!fits(room, request)) continue;
    rooms.push(room);
    if (rooms.length === request.nodes) return rooms;
  }
  return null;
}

function fits(room: Room, { cpus, memoryBytes, gpus, gpuModel }: SimulatedRun['request']): boolean {
  const isOfModel = gpuModel === null || room.model.includes(gpuModel);
  return isOfModel && room.gpus >= gpus && room.cpus >= cpus && room.memoryBytes >= memoryBytes;
}

function change(room: Room, { cpus, memoryBytes, gpus }: SimulatedRun['request'], sign: 1 | -1): void {
  room.cpus -= sign * cpus;
  room.memoryBytes -= sign * memoryBytes;
  room.gpus -= sign * gpus;
}
