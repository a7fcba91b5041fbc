import type { Explanation, LeaseRequest, WaitCause } from '../../contract/pool';
import { findPlace } from './fit';
import { isReady, stateOf, type Host } from './host';
import { countBefore, type Order } from './order';
import type { Pool } from './pool';
import type { Entry } from './queue';
import { quotaProblem } from './quota';
import { fullNodes, mayHold } from './shape';
import type { Held } from './state';
import { amountsOf, clockText, gpusText, listedBriefly } from './words';

type Why = Pick<Explanation, 'cause' | 'waitsFor' | 'freedBy' | 'estimatedStart'>;

/** Why a claim waits, and what would free it. */
export function explanationOf(pool: Pool, order: Order, entry: Entry, nowMs: number): Explanation {
  return {
    runId: entry.waiting.runId,
    place: countBefore(pool, order, entry) + 1,
    queued: pool.queue.entries.size,
    ...whyOf(pool, entry, nowMs),
  };
}

function whyOf(pool: Pool, entry: Entry, nowMs: number): Why {
  const { request } = entry.waiting;
  const fit = findPlace(pool, entry.of.shape, () => true);
  const quota = quotaProblem(pool, request);
  if (fit.kind === 'closed') return noHost(pool, entry);
  if (quota !== null) return because('quota', `waits because ${quota}`, quotaFreedBy(request));
  if (fit.kind === 'full') return full(entry, nowMs);
  return because(
    'behind',
    'waits for the next decision of the pool',
    'there is room: it starts as soon as it is its turn',
  );
}

function because(cause: WaitCause, waitsFor: string, freedBy: string, estimatedStart: string | null = null): Why {
  return { cause, waitsFor, freedBy, estimatedStart };
}

function quotaFreedBy({ project, owner }: LeaseRequest): string {
  return `the end of a run of project ${project} or of owner ${owner}, or a higher quota`;
}

function noHost(pool: Pool, { waiting: { request }, of: { shape } }: Entry): Why {
  const able = pool.hosts.filter((host) => mayHold(host, request) && fullNodes(host, shape) > 0);
  const states = listedBriefly(able.map(problemOf));
  if (shape.closed === 'avoided') {
    return because(
      'avoided',
      `waits for another host than ${request.avoid.join(', ')}, where it ran before: ${states}`,
      'the return of such a host, or a new one',
    );
  }
  if (pool.hosts.length === 0) {
    return because('no-host', `waits for a host: pool ${pool.name} has none yet`, 'the first report of a host worker');
  }
  const what = amountsOf(request);
  if (able.length === 0)
    return because('no-host', `waits for ${what}: no host of the pool has that`, 'a host that has it');
  return because(
    'no-host',
    `waits for a host with ${what}: ${states}`,
    `the return of ${listedBriefly(able.map(({ name }) => name))}, or another host`,
  );
}

/** Such as `host a is cordoned`. */
function problemOf(host: Host): string {
  const { name, facts } = host;
  const state = stateOf(host);
  if (isReady(host)) return `host ${name} is ready`;
  if (state === 'ready') return `host ${name} ${facts.refuses}`;
  return `host ${name} is ${state}`;
}

/** Every host that could hold it is full. */
function full({ waiting: { request }, of: { shape } }: Entry, nowMs: number): Why {
  const hosts = [...shape.open];
  const what = request.gpus > 0 ? gpusText(request.gpus, request) : amountsOf(request);
  const each = listedBriefly(hosts.map((host) => roomOn(host, request, nowMs)));
  const first = hosts.flatMap(({ held }) => [...held.values()]).toSorted((one, other) => endOf(one) - endOf(other))[0];
  const freedBy = first
    ? `the end of run ${first.lease.runId}, at ${clockText(endOf(first), nowMs)} at the latest`
    : 'nothing that the pool knows of';
  return because('capacity', `waits for ${what}: ${each}`, freedBy);
}

function roomOn(host: Host, { gpus }: LeaseRequest, nowMs: number): string {
  const free = gpus > 0 ? `${host.freeGpus.length} free` : `${(host.cpus - host.usedCpus) / 1_000} CPUs free`;
  const runs = [...host.held.values()].toSorted((one, other) => endOf(one) - endOf(other));
  const holders = runs.map((held) => `run ${held.lease.runId} until about ${clockText(endOf(held), nowMs)}`);
  return `host ${host.name} has ${free}${holders.length > 0 ? `, the rest is held by ${listedBriefly(holders)}` : ''}`;
}

const endOf = ({ grantedMs, request }: Held): number => grantedMs + request.limitMs;
