import { counted } from '../../contract/counted';
import type { HostContainer } from '../../contract/host';
import type { LeaseNode } from '../../contract/pool';
import { formatSize } from '../../contract/units';
import type { Host } from './host';
import { earliestPlace } from './plan';
import type { Pool } from './pool';
import type { Entry } from './queue';
import { endOf } from './releases';
import { freeWanted, wantedOf, type Shape } from './shape';
import type { Held } from './state';
import { amountsOf, clockText, gpusText, listed, listedBriefly, reason, type Why } from './words';

/** Every host that could hold it has too little free: what the nearest has, who has the rest, and whose end would do. */
export function explainFull(pool: Pool, { request, of: { shape } }: Entry, nowMs: number): Why {
  const what = request.gpus > 0 ? gpusText(request.gpus, request) : amountsOf(request);
  const wish = request.nodes > 1 ? `${request.nodes} times ${what}` : what;
  const place = earliestPlace(pool, shape, nowMs);
  const [near] = place ? place.places.keys() : inOrder(shape).toSorted(byUnleased);
  const more = shape.open.size - 1;
  const others =
    more > 0 ? `; ${counted(more, 'other host')} ${more === 1 ? 'has' : 'have'} too little free as well` : '';
  const waitsFor = `waits for ${wish}: ${near ? roomOn(near, shape, nowMs) : 'no host is there'}${others}`;
  if (!place) return reason('capacity', waitsFor, endsOfUnleased(shape));
  const runs = [...place.places.keys()].flatMap((host) => [...host.held.values()]);
  const ending = [...new Set(runs)].filter((held) => endOf(held) <= place.atMs).toSorted(byEnd);
  const names = listedBriefly(ending.map(({ lease }) => lease.runId));
  const freedBy =
    ending.length === 0 ? 'the next decision of the pool' : `the end of ${ending.length > 1 ? 'runs' : 'run'} ${names}`;
  return reason('capacity', waitsFor, `${freedBy}, by ${clockText(place.atMs, nowMs)} at the latest`);
}

/** Such as `host a has 1 of 4 GPUs free, 3 are held by run x until 14:20 UTC at the latest`. */
function roomOn(host: Host, shape: Shape, nowMs: number): string {
  const isShort = freeWanted(host, shape) < shape.gpus;
  // Of a host that is short of GPUs only those are named who hold some that would do.
  const heldOf = ({ gpuIds, cpus }: Pick<LeaseNode, 'gpuIds' | 'cpus'>): string | null => {
    if (!isShort) return counted(cpus, 'CPU');
    const gpus = wantedOf(
      host.facts.gpus.filter(({ id }) => gpuIds.includes(id)),
      shape,
    );
    return gpus > 0 ? counted(gpus, 'GPU') : null;
  };
  // Those that nobody expects come first: only three are named.
  const unleased = host.unleased.map((container) => unleasedText(container, heldOf(container)));
  const leased = [...host.held.values()]
    .toSorted(byEnd)
    .map((held) => leasedText(held, heldOf(roomOf(held, host)), nowMs));
  const holders = [...unleased, ...leased].filter((text) => text !== null);
  const held = holders.length > 0 ? `; ${listedBriefly(holders)}` : '';
  return `host ${host.name} has ${lackOn(host, shape)}${held}`;
}

function lackOn(host: Host, shape: Shape): string {
  const { cpus, usedCpus, memory, usedMemory, facts } = host;
  const free = freeWanted(host, shape);
  const lacks: string[] = [];
  if (free < shape.gpus) lacks.push(`${free} of ${gpusText(wantedOf(facts.gpus, shape), shape.request)}`);
  if (cpus - usedCpus < shape.cpus) lacks.push(`${(cpus - usedCpus) / 1_000} of ${counted(cpus / 1_000, 'CPU')}`);
  if (memory - usedMemory < shape.memory) {
    lacks.push(`${formatSize(memory - usedMemory)} of ${formatSize(memory)} of memory`);
  }
  return lacks.length > 0 ? `${listed(lacks)} free` : 'room for a part of it';
}

function leasedText(held: Held, what: string | null, nowMs: number): string | null {
  if (what === null) return null;
  const { runId } = held.lease;
  if (held.told) return `run ${runId} holds ${what} and was asked to give way`;
  const endMs = endOf(held);
  const until = endMs > nowMs ? `until ${clockText(endMs, nowMs)} at the latest` : 'and is past its limit';
  return `run ${runId} holds ${what} ${until}`;
}

/** Such as `the container of run x holds 2 GPUs without a lease`; null where it holds nothing that matters. */
const unleasedText = ({ runId }: HostContainer, what: string | null): string | null =>
  what && `the container of run ${runId} holds ${what} without a lease`;

/** All that a lease holds on a host. */
function roomOf({ lease }: Held, host: Host): Pick<LeaseNode, 'gpuIds' | 'cpus'> {
  const here = lease.nodes.filter((node) => node.host === host.name);
  return {
    gpuIds: here.flatMap(({ gpuIds }) => gpuIds),
    cpus: here.reduce((sum, { cpus }) => sum + cpus, 0),
  };
}

/** What would make room that the end of no lease makes. */
function endsOfUnleased(shape: Shape): string {
  const ends = inOrder(shape).flatMap(({ name, unleased }) =>
    unleased.map(({ runId }) => `the container of run ${runId} on host ${name}`),
  );
  if (ends.length === 0) return 'GPUs that are in trouble now, or another host';
  return `the end of ${listedBriefly(ends)}, or another host`;
}

const inOrder = ({ open }: Shape): Host[] => [...open].toSorted((one, other) => one.index - other.index);

const byUnleased = (one: Host, other: Host): number => other.unleased.length - one.unleased.length;

const byEnd = (one: Held, other: Held): number => endOf(one) - endOf(other);
