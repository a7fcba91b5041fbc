import type { HostContainer } from '../../contract/host';
import { formatSize } from '../../contract/units';
import { endOf } from './earliest';
import type { Host } from './host';
import { earliestPlace } from './plan';
import type { Pool } from './pool';
import type { Entry } from './queue';
import { freeWanted, type Shape } from './shape';
import type { Held } from './state';
import { amountsOf, clockText, counted, gpusText, listed, listedBriefly, reason, type Why } from './words';

/** Every host that could hold it has too little free: what the nearest has, who has the rest, and whose end would do. */
export function explainFull(pool: Pool, { request, of: { shape } }: Entry, nowMs: number): Why {
  const what = request.gpus > 0 ? gpusText(request.gpus, request) : amountsOf(request);
  const wish = request.nodes > 1 ? `${request.nodes} times ${what}` : what;
  const place = earliestPlace(pool, shape, nowMs);
  const [near] = place ? place.places.keys() : [...shape.open].toSorted(byUnleased);
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
  const leased = [...host.held.values()].toSorted(byEnd).map((held) => holderText(held, host, shape, nowMs));
  const unleased = host.unleased.map((container) => unleasedText(container, shape));
  // Those that nobody expects come first: only three are named.
  const holders = [...unleased, ...leased];
  const held = holders.length > 0 ? `; ${listedBriefly(holders)}` : '';
  return `host ${host.name} has ${lackOn(host, shape)}${held}`;
}

function lackOn(host: Host, shape: Shape): string {
  const { cpus, usedCpus, memory, usedMemory, facts } = host;
  const free = freeWanted(host, shape);
  const lacks: string[] = [];
  if (free < shape.gpus) lacks.push(`${free} of ${counted(facts.gpus.length, 'GPU')}`);
  if (cpus - usedCpus < shape.cpus) lacks.push(`${(cpus - usedCpus) / 1_000} of ${counted(cpus / 1_000, 'CPU')}`);
  if (memory - usedMemory < shape.memory) {
    lacks.push(`${formatSize(memory - usedMemory)} of ${formatSize(memory)} of memory`);
  }
  return lacks.length > 0 ? `${listed(lacks)} free` : 'room for a part of it';
}

function holderText(held: Held, host: Host, { gpus }: Shape, nowMs: number): string {
  const { runId, nodes } = held.lease;
  const here = nodes.filter((node) => node.host === host.name);
  const holds = here.reduce((sum, node) => sum + node.gpuIds.length, 0);
  const what =
    gpus > 0 && holds > 0
      ? counted(holds, 'GPU')
      : counted(
          here.reduce((sum, { cpus }) => sum + cpus, 0),
          'CPU',
        );
  if (held.told) return `run ${runId} holds ${what} and was asked to give way`;
  const endMs = endOf(held);
  const until = endMs > nowMs ? `until ${clockText(endMs, nowMs)} at the latest` : 'and is past its limit';
  return `run ${runId} holds ${what} ${until}`;
}

/** Such as `the container of run x holds 2 GPUs without a lease`. */
function unleasedText({ runId, cpus, gpuIds }: HostContainer, { gpus }: Shape): string {
  const what = gpus > 0 && gpuIds.length > 0 ? counted(gpuIds.length, 'GPU') : counted(cpus, 'CPU');
  return `the container of run ${runId} holds ${what} without a lease`;
}

/** What would make room that the end of no lease makes. */
function endsOfUnleased({ open }: Shape): string {
  const ends = [...open].flatMap(({ name, unleased }) =>
    unleased.map(({ runId }) => `the container of run ${runId} on host ${name}`),
  );
  if (ends.length === 0) return 'GPUs that are in trouble now, or another host';
  return `the end of ${listedBriefly(ends)}, or another host`;
}

const byUnleased = (one: Host, other: Host): number => other.unleased.length - one.unleased.length;

const byEnd = (one: Held, other: Held): number => endOf(one) - endOf(other);
