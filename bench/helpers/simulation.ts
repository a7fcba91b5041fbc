import type { Lease, PoolSettings } from '../../contract/pool';
import { PROJECTS, type Load } from './simulated-load';
import {
  createSimulation,
  type Counters,
  type Event,
  type Invariants,
  type Progress,
  type Simulation,
  type Watcher,
} from './simulated-pool';

/** Runs keep their progress up to the last checkpoint before their host was lost. */
export const CHECKPOINT_MS = 30 * 60_000;

/** From the loss of a host to the moment when its runs claim again. */
const LOST_MS = 5 * 60_000;

/** How long a run takes to give way. */
const GRACE_MS = 60_000;

export const SIMULATED_SETTINGS: Partial<PoolSettings> = {
  weights: Object.fromEntries(PROJECTS.map(({ name, weight }) => [name, weight])),
};

/**
 * Lives through a load with the real core of a pool. Fails as soon as a lease is given that must not be, and where a run has
 * not ended when nothing is left to happen.
 */
export function simulate(
  load: Load,
  watcher: Watcher,
  settings: Partial<PoolSettings> = SIMULATED_SETTINGS,
): Counters & { invariants: Invariants } {
  const simulation = createSimulation(load, watcher, settings);
  const { events, counters, core } = simulation;
  const before = process.cpuUsage();
  const startedAt = performance.now();
  for (let next = events.next(); next; next = events.next()) {
    happen(simulation, next.event, next.atMs);
    while (events.nextMs() === next.atMs) happen(simulation, events.next()!.event, next.atMs);
    submitAgain(simulation, next.atMs);
    for (const decision of timed(simulation, () => core.decide(next!.atMs))) {
      if (decision.kind === 'grant') begin(simulation, decision.lease, next.atMs);
      else askToLeave(simulation, decision.runId, decision.claim, next.atMs);
    }
    const lookMs = core.nextLookAt(next.atMs);
    if (lookMs !== null && lookMs < events.nextMs()) events.add(lookMs, { kind: 'look' });
    counters.mostQueued = Math.max(counters.mostQueued, simulation.queued);
    counters.endedMs = next.atMs;
    watcher.gpus(next.atMs, simulation.heldGpus, (load.hosts.length - simulation.lost.size) * 8);
  }
  const { user, system } = process.cpuUsage(before);
  counters.cpuMs = ((user + system) / 1_000) * (counters.coreMs / (performance.now() - startedAt));
  const left = [...simulation.progress.values()].filter(({ ended }) => !ended);
  if (left.length > 0) throw new Error(`${left.length} runs never ended, such as ${left[0]!.run.id}`);
  return { ...counters, invariants: { ...simulation.ledger.checks(), noStarvation: simulation.progress.size } };
}

function happen(simulation: Simulation, event: Event, nowMs: number): void {
  switch (event.kind) {
    case 'submit':
      return submit(simulation, event.progress, nowMs);
    case 'end':
      if (!isHeld(event)) return;
      release(simulation, event.progress, nowMs);
      event.progress.ended = true;
      return;
    case 'leave':
    case 'fail':
      if (!isHeld(event)) return;
      giveUp(event.progress, event.kind === 'leave' ? 1 : CHECKPOINT_MS, nowMs);
      release(simulation, event.progress, nowMs);
      return ask(simulation, event.progress, nowMs);
    case 'lost':
      return loseHost(simulation, event.host, nowMs);
    case 'back':
      simulation.lost.delete(event.host);
      simulation.ledger.regain(event.host);
      return tellHosts(simulation, nowMs);
    case 'look':
      return;
  }
}

/** A full queue takes no submission, as the API answers it; what was refused comes again as soon as there is room. */
function submit(simulation: Simulation, progress: Progress, nowMs: number): void {
  if (simulation.queued >= simulation.maxQueued) {
    simulation.refused.push(progress);
    return;
  }
  progress.submittedAt = new Date(nowMs).toISOString();
  ask(simulation, progress, nowMs);
}

function submitAgain(simulation: Simulation, nowMs: number): void {
  const { refused, counters, queued, maxQueued } = simulation;
  counters.mostRefused = Math.max(counters.mostRefused, refused.length);
  for (const progress of refused.splice(0, Math.max(0, maxQueued - queued))) submit(simulation, progress, nowMs);
}

const isHeld = ({ progress, claim }: { progress: Progress; claim: number }): boolean =>
  progress.claim === claim && progress.startedMs !== null && !progress.ended;

function ask(simulation: Simulation, progress: Progress, nowMs: number): void {
  const { core, counters } = simulation;
  progress.claim += 1;
  counters.claims += 1;
  const { claim, submittedAt } = progress;
  const runId = progress.run.id;
  const request = { ...progress.run.request, submittedAt };
  const answer = timed(simulation, () => core.claim({ runId, claim, attempt: claim, request }, nowMs));
  if (answer.kind === 'refused') throw new Error(`${runId}: ${answer.why}`);
  simulation.queued += 1;
  if (answer.kind !== 'granted') return;
  counters.grantsAtOnce += 1;
  begin(simulation, answer.lease, nowMs);
}

function begin(simulation: Simulation, lease: Lease, nowMs: number): void {
  const progress = simulation.progress.get(lease.runId)!;
  const { request } = progress.run;
  simulation.ledger.take(lease, request);
  simulation.counters.grants += 1;
  simulation.queued -= 1;
  simulation.heldGpus += request.gpus * request.nodes;
  progress.startedMs = nowMs;
  simulation.watcher.started(progress, nowMs);
  progress.firstStartMs ??= nowMs;
  progress.hosts = [...new Set(lease.nodes.map(({ host }) => host))];
  for (const host of progress.hosts) simulation.on.get(host)!.add(progress);
  simulation.events.add(nowMs + progress.leftMs, { kind: 'end', progress, claim: progress.claim });
}

function release(simulation: Simulation, progress: Progress, nowMs: number): void {
  const { run, claim, startedMs } = progress;
  simulation.heldGpus -= simulation.ledger.give(run.id);
  for (const host of progress.hosts) simulation.on.get(host)?.delete(progress);
  simulation.watcher.released(progress, startedMs!, nowMs);
  progress.startedMs = null;
  timed(simulation, () => simulation.core.release({ runId: run.id, claim }, nowMs));
}

/** What was done since the last step of a checkpoint is lost. */
function giveUp(progress: Progress, stepMs: number, nowMs: number): void {
  const done = Math.floor((nowMs - progress.startedMs!) / stepMs) * stepMs;
  progress.leftMs = Math.max(1_000, progress.leftMs - done);
}

function askToLeave(simulation: Simulation, runId: string, claim: number, nowMs: number): void {
  simulation.counters.preemptions += 1;
  simulation.events.add(nowMs + GRACE_MS, { kind: 'leave', progress: simulation.progress.get(runId)!, claim });
}

function loseHost(simulation: Simulation, host: string, nowMs: number): void {
  simulation.lost.add(host);
  simulation.ledger.lose(host);
  for (const progress of simulation.on.get(host) ?? []) {
    simulation.events.add(nowMs + LOST_MS, { kind: 'fail', progress, claim: progress.claim });
  }
  tellHosts(simulation, nowMs);
}

function tellHosts(simulation: Simulation, nowMs: number): void {
  const { load, lost, core } = simulation;
  const hosts = load.hosts.map((facts) => (lost.has(facts.name) ? { ...facts, contact: 'lost' as const } : facts));
  timed(simulation, () => core.hostsAre(hosts, nowMs));
}

function timed<T>({ counters }: Simulation, call: () => T): T {
  const startedAt = performance.now();
  const result = call();
  counters.coreMs += performance.now() - startedAt;
  return result;
}
