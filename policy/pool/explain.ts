import type { Explanation, LeaseRequest } from '../../contract/pool';
import { formatDuration } from '../../contract/units';
import { refreshed } from './candidates';
import { explainFull } from './explain-full';
import { findPlace } from './fit';
import { forecast } from './forecast';
import { findHeldUp } from './held-up';
import { isReady, stateOf, type Host } from './host';
import { keepPlace, nextHead, type Pass } from './head';
import { countBefore } from './order';
import { keeperOf, type Keeper } from './permission';
import type { Pool } from './pool';
import type { Entry } from './queue';
import { quotaProblem } from './quota';
import { whyNever } from './refusal';
import { fullNodes, mayHold } from './shape';
import { amountsOf, clockText, gpusText, listedBriefly, reason, type Why } from './words';

/** Explains waiting claims as of one instant. */
export interface Explainer {
  of(entry: Entry): Explanation;
  readonly pass: Pass;
}

/** Explains a run that somebody asks for, with an estimate whatever its place. */
export function explain(pass: Pass, entry: Entry): Explanation {
  return createExplainer(pass, countBefore(pass.pool, pass.order, entry) + 1).of(entry);
}

/** @param foreseen runs from the front of the queue whose start is estimated. */
export function createExplainer(pass: Pass, foreseen: number): Explainer {
  const { pool, order } = pass;
  let starts: Map<string, number> | undefined;
  return {
    pass,
    of: (entry) => {
      const { runId } = entry.waiting;
      const place = countBefore(pool, order, entry) + 1;
      if (place <= foreseen) starts ??= forecast(pass, foreseen);
      const startMs = starts?.get(runId);
      const estimatedStart = startMs === undefined ? null : new Date(startMs).toISOString();
      return { runId, place, queued: pool.queue.entries.size, ...whyOf(pass, entry), estimatedStart };
    },
  };
}

function whyOf(pass: Pass, entry: Entry): Why {
  const { pool, nowMs } = pass;
  const { request } = entry;
  const shape = refreshed(pool, entry.of.shape);
  if (shape.closed !== null) return noHost(pool, entry);
  const quota = quotaProblem(pool, request);
  if (quota !== null) return reason('quota', `waits because ${quota}`, quotaFreedBy(request));
  // Places are looked at in no order that lasts: the first host by name speaks for all.
  let first: { keeper: Keeper; index: number } | undefined;
  const fit = findPlace(pool, shape, (part) => {
    const keeper = keeperOf(settled(pass), entry, part);
    const { index } = part.host;
    if (keeper && (!first || index < first.index)) first = { keeper, index };
    return keeper === null;
  });
  if (fit.kind === 'full') return explainFull(pool, entry, nowMs);
  if (first && fit.kind === 'kept') return kept(first.keeper, entry, nowMs);
  return reason('behind', 'waits for its turn: there is room for it', 'the next decision of the pool');
}

/** With the place of the first that has to wait. */
function settled(pass: Pass): Pass {
  findHeldUp(pass);
  while (!pass.hasHead) {
    const head = nextHead(pass);
    if (!head) break;
    pass.head = undefined;
    keepPlace(pass, head);
  }
  return pass;
}

function kept(keeper: Keeper, { request }: Entry, nowMs: number): Why {
  if ('reservation' in keeper) {
    const { id, project, gpus, gpuModel, from, until } = keeper.reservation;
    const what = gpusText(gpus, { gpuModel, gpuMemoryBytes: 0 });
    const when = `from ${clockText(Date.parse(from), nowMs)} until ${clockText(Date.parse(until), nowMs)}`;
    return reason(
      'reserved',
      `waits because ${what} are reserved for project ${project} ${when}`,
      `the end of reservation ${id}, or of runs that hold other GPUs`,
    );
  }
  const { runId, atMs, places, firm, priority } = keeper.plan;
  const where = listedBriefly([...places.keys()].map(({ name }) => `host ${name}`));
  if (firm) {
    return reason(
      'behind',
      `waits because the free place on ${where} is kept for run ${runId} of priority ${priority}, for which others give way`,
      `the start of run ${runId}, or the end of another run`,
    );
  }
  return reason(
    'behind',
    `waits behind run ${runId}, which is to have its place on ${where} by ${clockText(atMs, nowMs)}: this run may last ${formatDuration(request.limitMs)} and would be in its way`,
    `the start of run ${runId}, or the end of another run`,
  );
}

function quotaFreedBy({ project, owner }: LeaseRequest): string {
  return `the end of a run of project ${project} or of owner ${owner}, or a higher quota`;
}

function noHost(pool: Pool, { request, of: { shape } }: Entry): Why {
  const what = amountsOf(request);
  if (!pool.isTold) {
    const why = `waits for a host: pool ${pool.name} has not heard of its hosts yet`;
    return reason('no-host', why, 'the first reports of hosts');
  }
  if (pool.hosts.length === 0) {
    return reason('no-host', `waits for a host: pool ${pool.name} has none yet`, 'the first report of a host worker');
  }
  const never = whyNever(pool, shape, request);
  if (never !== null) {
    return reason('no-host', `waits for ${what}, which the pool does not have: ${never}`, 'a host that has it');
  }
  const able = pool.hosts.filter((host) => mayHold(host, request) && fullNodes(host, shape) > 0);
  if (able.length === 0)
    return reason('no-host', `waits for ${what}: no host of the pool has that`, 'a host that has it');
  const states = listedBriefly(able.map((host) => `${problemOf(host)}${noProcess(host, request, pool)}`));
  if (shape.closed === 'avoided') {
    return reason(
      'avoided',
      `waits for another host than ${request.avoid.join(', ')}, where it ran before: ${states}`,
      'the return of such a host, or a new one',
    );
  }
  const names = listedBriefly(able.filter((host) => !isReady(host)).map(({ name }) => `host ${name}`));
  return reason(
    'no-host',
    `waits for a host with ${what}: ${states}`,
    names === '' ? 'another host that has it' : `the return of ${names}, or another host`,
  );
}

/** Why a host that would take a local process takes none of this run. */
function noProcess({ facts }: Host, { hasCommand, nodes }: LeaseRequest, { name, settings }: Pool): string {
  if (facts.processesSince === null) return '';
  if (settings.fallback === 'none') {
    return `, and allows local processes, but pool ${name} does not (\`trainyard pools set fallback=process --pool ${name}\`)`;
  }
  if (nodes > 1) return ', and local processes are for runs of one node';
  return hasCommand
    ? ''
    : ', and cannot run it as a local process, because the spec has no command and that of the image is not known';
}

/** Such as `host a is cordoned`. */
function problemOf(host: Host): string {
  const { name, facts } = host;
  const state = stateOf(host);
  if (isReady(host)) return `host ${name} is ready`;
  return state === 'ready' ? `host ${name} ${facts.refuses}` : `host ${name} is ${state}`;
}
