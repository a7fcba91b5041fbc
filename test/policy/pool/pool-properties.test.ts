import * as fc from 'fast-check';

import type { HostContainer } from '../../../contract/host';
import type { ClaimInput, LeaseRequest, PoolHostFacts, Quota } from '../../../contract/pool';
import { GIB, gpusOf, HOUR, host, MINUTE, request } from './pools';
import { World } from './world';

const PROJECTS = ['red', 'green', 'blue'];
const MODELS = ['NVIDIA H100 80GB HBM3', 'NVIDIA A100-SXM4-40GB'];
const NAMES = ['a', 'b', 'c', 'd'];

const optional = <T>(value: T, weight = 3): fc.Arbitrary<T | null> => fc.option(fc.constant(value), { freq: weight });

const wish: fc.Arbitrary<Partial<LeaseRequest>> = fc.record({
  project: fc.constantFrom(...PROJECTS),
  owner: fc.constantFrom('ann', 'bob'),
  priority: fc.constantFrom(0, 20, 50, 50, 50, 80, 100),
  preemptible: fc.boolean(),
  nodes: fc.constantFrom(1, 1, 1, 1, 2, 3),
  cpus: fc.constantFrom(0.1, 0.5, 1, 2, 4, 8),
  memoryBytes: fc.constantFrom(GIB, 4 * GIB, 16 * GIB),
  gpus: fc.constantFrom(0, 0, 1, 1, 2, 4),
  gpuModel: fc.constantFrom(null, null, 'h100', 'A100'),
  gpuMemoryBytes: fc.constantFrom(0, 0, 41 * GIB),
  host: fc.constantFrom(null, null, null, null, 'a'),
  hostLabels: fc.constantFrom<Record<string, string>>({}, {}, {}, { zone: 'x' }),
  avoid: fc.constantFrom<string[]>([], [], [], ['a'], ['b', 'c']),
  limitMs: fc.constantFrom(10 * MINUTE, HOUR, 3 * HOUR),
});

const event = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant('claim' as const), wish, agoMs: fc.constantFrom(0, HOUR, 40 * HOUR) }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('release' as const), which: fc.nat() }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('claim-again' as const, 'claim-anew' as const), which: fc.nat() }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(MINUTE, 20 * MINUTE, 2 * HOUR) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('host' as const),
      which: fc.nat({ max: 3 }),
      contact: fc.constantFrom('ok' as const, 'ok' as const, 'unreachable' as const, 'lost' as const),
      refuses: optional('has a disk that is 93 % full'),
      trouble: optional('unhealthy' as const),
      left: optional(0, 4),
      isGone: fc.constantFrom(false, false, false, true),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('intent' as const),
      which: fc.nat({ max: 3 }),
      intent: fc.constantFrom('none' as const, 'none' as const, 'cordoned' as const, 'draining' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('configure' as const),
      preemption: fc.boolean(),
      fallback: fc.constantFrom('none' as const, 'process' as const),
      ageingMs: fc.constantFrom(0, MINUTE, 10 * MINUTE),
      weights: fc.constantFrom<Record<string, number>>({}, { red: 3 }, { blue: 0.5 }),
      projectQuotas: fc.constantFrom<Record<string, Quota>>(
        {},
        { red: { gpus: 2 } },
        { '*': { runs: 2 } },
        { green: { cpus: 4 } },
      ),
      ownerQuotas: fc.constantFrom<Record<string, Quota>>({}, {}, { '*': { runs: 3 } }, { ann: { gpus: 1, cpus: 3 } }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('reserve' as const),
      id: fc.constantFrom('r1', 'r2', 'r3'),
      project: fc.constantFrom(...PROJECTS),
      gpus: fc.integer({ min: 1, max: 6 }),
      gpuModel: fc.constantFrom(null, 'H100'),
      inMs: fc.constantFrom(0, 30 * MINUTE, 2 * HOUR),
      forMs: fc.constantFrom(HOUR, 4 * HOUR),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('unreserve' as const), id: fc.constantFrom('r1', 'r2', 'r3') }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('reprioritise' as const), which: fc.nat(), priority: fc.nat({ max: 100 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('change-limit' as const),
      which: fc.nat(),
      limitMs: fc.constantFrom(MINUTE, HOUR, 9 * HOUR),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('crash' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('begin-anew' as const),
      reported: fc.shuffledSubarray([0, 1, 2, 3]),
      later: fc.shuffledSubarray([0, 1, 2, 3]),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('say-nothing' as const) }) },
);
type Event = typeof event extends fc.Arbitrary<infer T> ? T : never;

function firstHosts(): PoolHostFacts[] {
  return [
    host('a', { gpus: gpusOf('a', 4, { model: MODELS[0]! }), labels: { zone: 'x' } }),
    host('b', { gpus: gpusOf('b', 4, { model: MODELS[1]!, memoryBytes: 40 * GIB }) }),
    host('c', { gpus: 2, cpus: 16 }),
    host('d', { cpus: 4, memoryBytes: 8 * GIB }),
  ];
}

/** Lives through events; a claim or a release is followed by a decision, or by the next event, as `batches` says. */
function live(world: World, events: readonly Event[], batches: readonly boolean[]): void {
  world.setHosts(firstHosts());
  events.forEach((each, index) => {
    happen(world, each, index);
    if (batches[index % batches.length] === false) return;
    world.decide();
    world.checkHolders();
  });
  world.decide();
}

function happen(world: World, each: Event, index: number): void {
  const some = (which: number): ClaimInput | undefined =>
    [...world.claims.values()][which % Math.max(1, world.claims.size)];
  switch (each.do) {
    case 'claim': {
      const submittedAt = new Date(world.nowMs - each.agoMs).toISOString();
      return world.claim({
        runId: `run-${index}`,
        claim: 1,
        attempt: 1,
        request: request({ ...each.wish, submittedAt }),
      });
    }
    case 'claim-again': {
      const known = some(each.which);
      return known && world.claim(known);
    }
    case 'claim-anew': {
      const known = some(each.which);
      return known && world.claim({ ...known, claim: known.claim + 1 });
    }
    case 'release': {
      const known = some(each.which);
      return known && world.release(known.runId);
    }
    case 'wait':
      world.nowMs += each.ms;
      return;
    case 'host':
      return changeHost(world, each);
    case 'intent': {
      const name = NAMES[each.which]!;
      if (world.ask((core) => core.changeHost(name, each.intent))) world.intents.set(name, each.intent);
      return;
    }
    case 'configure': {
      const { do: _, ...settings } = each;
      world.settings = settings;
      return world.ask((core) => core.configure(settings));
    }
    case 'reserve': {
      const from = new Date(world.nowMs + each.inMs).toISOString();
      const until = new Date(world.nowMs + each.inMs + each.forMs).toISOString();
      const { id, project, gpus, gpuModel } = each;
      return world.reserve({ id, project, gpus, gpuModel, from, until, by: 'ann' });
    }
    case 'unreserve':
      world.ask((core) => core.unreserve(each.id));
      world.reservations = world.reservations.filter(({ id }) => id !== each.id);
      return;
    case 'reprioritise': {
      const { priority } = each;
      return world.change(some(each.which), { priority }, (core, runId) => core.reprioritise(runId, priority));
    }
    case 'change-limit': {
      const { limitMs } = each;
      return world.change(some(each.which), { limitMs }, (core, runId) => core.changeLimit(runId, limitMs));
    }
    case 'crash':
      return world.crash();
    case 'begin-anew':
      world.beginAnew(each.reported.map((which) => firstHosts()[which]!));
      return each.later.forEach((which) => addHost(world, firstHosts()[which]!));
    case 'say-nothing':
      return;
  }
}

function addHost(world: World, facts: PoolHostFacts): void {
  world.setHosts([...world.hosts.filter(({ name }) => name !== facts.name), facts]);
}

function changeHost(world: World, change: Extract<Event, { do: 'host' }>): void {
  const { which, contact, refuses, trouble, left, isGone } = change;
  const facts = firstHosts()[which]!;
  const gpus = facts.gpus.map((gpu, index) => (index === 0 && trouble ? { ...gpu, trouble } : gpu));
  const others = world.hosts.filter(({ name }) => name !== facts.name);
  if (isGone && ![...world.leases.values()].some(({ nodes }) => nodes.some((node) => node.host === facts.name))) {
    world.intents.delete(facts.name);
  }
  const unleased =
    left === null ? {} : { unleased: [...world.leases.keys()].slice(0, 2).concat('left').map(container) };
  world.setHosts(isGone ? others : [...others, { ...facts, gpus, contact, refuses, ...unleased }]);

  /** With the last of the GPUs, whether or not a run that has a lease was given it. */
  function container(runId: string): HostContainer {
    const gpuIds = facts.gpus.slice(-1).map(({ id }) => id);
    return { runId, attempt: 1, epoch: 1, cpus: 1.5, memoryBytes: GIB, gpuIds };
  }
}

const scenario = [
  fc.array(event, { minLength: 5, maxLength: 80 }),
  fc.array(fc.boolean(), { minLength: 1, maxLength: 5 }),
] as const;

it('never gives out what it does not have, whatever happens, and goes on from its state as if nothing had', () => {
  fc.assert(
    fc.property(...scenario, (events, batches) => live(new World(), events, batches)),
    { numRuns: 300 },
  );
});

it('says nothing more where nothing has happened', () => {
  fc.assert(
    fc.property(...scenario, (events, batches) => {
      const world = new World();
      live(world, events, batches);
      expect(world.decide()).toEqual([]);
    }),
    { numRuns: 100 },
  );
});
