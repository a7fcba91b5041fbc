import type { Gpu } from '../../../contract/gpu';
import type { HostContainer } from '../../../contract/host';
import type {
  ClaimInput,
  Lease,
  LeaseRequest,
  PoolHostFacts,
  PoolHostView,
  PoolSettings,
  Quota,
  Reservation,
} from '../../../contract/pool';
import { adoptClaims } from '../../../policy/pool/adopt';
import { createPoolCore, type Decision, type PoolCore, type PoolState } from '../../../policy/pool/core';
import { keptOf, stateFrom } from '../../../policy/pool/kept';
import { NOW } from './pools';

/**
 * A pool among random events, with an account of its own of who holds what: it fails as soon as the pool gives out what it
 * must not. A second core, made anew from the state of the first at any time, has to say the same.
 */
export class World {
  nowMs = NOW;
  readonly claims = new Map<string, ClaimInput>();
  readonly leases = new Map<string, Lease>();
  readonly intents = new Map<string, string>();
  readonly told = new Set<string>();
  settings: Partial<PoolSettings> = {};
  reservations: Reservation[] = [];
  hosts: PoolHostFacts[] = [];
  private core: PoolCore = createPoolCore('world');
  private twin: PoolCore = createPoolCore('world');

  /** Asks both cores. */
  ask<T>(question: (core: PoolCore) => T): T {
    const answer = question(this.core);
    expect(question(this.twin)).toEqual(answer);
    return answer;
  }

  crash(): void {
    this.twin = createPoolCore('world', JSON.parse(JSON.stringify(this.core.state())));
    expect(this.twin.state()).toEqual(this.core.state());
  }

  /**
   * The pool is begun anew: people's words outlive it, some hosts have reported when the runs say what they hold, and those
   * that wait ask again. The other hosts may come later.
   */
  beginAnew(hosts: PoolHostFacts[]): void {
    this.become(stateFrom('world', keptOf(this.core.state())));
    this.setHosts(hosts);
    for (const name of this.intents.keys()) if (!hosts.some((host) => host.name === name)) this.intents.delete(name);
    const standings = [...this.leases].map(([runId, lease]) => ({
      claim: { ...this.claims.get(runId)!, pool: 'world' },
      lease,
    }));
    this.become(adoptClaims(this.core.state(), standings));
    this.told.clear();
    for (const [runId, claim] of this.claims) if (!this.leases.has(runId)) this.askAnew(claim);
  }

  /** Has something changed of what a run asks for, where there is one. */
  change(
    known: ClaimInput | undefined,
    change: Partial<LeaseRequest>,
    tell: (core: PoolCore, runId: string) => boolean,
  ): void {
    if (!known) return;
    this.ask((core) => tell(core, known.runId));
    this.claims.set(known.runId, { ...known, request: { ...known.request, ...change } });
  }

  setHosts(hosts: PoolHostFacts[]): void {
    this.hosts = hosts;
    this.ask((core) => core.hostsAre(hosts, this.nowMs));
  }

  claim(input: ClaimInput): void {
    const before = this.leases.get(input.runId);
    const isSame = this.claims.get(input.runId)?.claim === input.claim;
    if (before && !isSame) this.leases.delete(input.runId);
    this.claims.set(input.runId, input);
    const answer = this.ask((core) => core.claim(input, this.nowMs));
    if (answer.kind === 'refused') this.claims.delete(input.runId);
    if (isSame && before) expect(answer).toEqual({ kind: 'granted', lease: before });
    else if (answer.kind === 'granted') this.take(answer.lease);
    if (isSame && !before) expect(answer.kind).toBe('queued');
  }

  release(runId: string): void {
    const claim = this.claims.get(runId);
    if (!claim) return;
    this.claims.delete(runId);
    this.leases.delete(runId);
    this.ask((core) => core.release(claim, this.nowMs));
  }

  decide(): Decision[] {
    this.reservations = this.reservations.filter(({ until }) => Date.parse(until) > this.nowMs);
    const decisions = this.ask((core) => core.decide(this.nowMs));
    for (const decision of decisions) {
      if (decision.kind === 'grant') this.take(decision.lease);
      else this.giveWay(decision.runId, decision.claim);
    }
    return decisions;
  }

  reserve(reservation: Reservation): void {
    if (this.ask((core) => core.reserve(reservation, this.nowMs)) !== null) return;
    if (!this.reservations.some(({ id }) => id === reservation.id)) this.reservations.push(reservation);
  }

  checkHolders(): void {
    expect(this.ask((core) => core.holders()).toSorted()).toEqual([...this.claims.keys()].toSorted());
    const view = this.ask((core) => core.view(this.nowMs));
    expect(view.leases.map(({ runId }) => runId).toSorted()).toEqual([...this.leases.keys()].toSorted());
    expect(view.queue.map(({ place }) => place)).toEqual(view.queue.map((_, index) => index + 1));
    for (const host of view.hosts) this.checkUse(host);
  }

  /** What is held on a host, by the account of the leases. */
  private checkUse({ name, unleased = [], usedCpus, usedMemoryBytes, usedGpuIds }: PoolHostView): void {
    const leased = [...this.leases.values()].flatMap(({ nodes }) => nodes).filter(({ host }) => host === name);
    const nodes = [...leased, ...unleased];
    const sum = (amounts: number[]): number => amounts.reduce((total, amount) => total + amount, 0);
    expect(usedCpus).toBeCloseTo(sum(nodes.map(({ cpus }) => cpus)), 6);
    expect(usedMemoryBytes).toBe(sum(nodes.map(({ memoryBytes }) => memoryBytes)));
    expect(usedGpuIds.toSorted()).toEqual(nodes.flatMap(({ gpuIds }) => gpuIds).toSorted());
  }

  private become(state: PoolState): void {
    this.core = createPoolCore('world', state);
    this.twin = createPoolCore('world', JSON.parse(JSON.stringify(state)));
  }

  private askAnew(claim: ClaimInput): void {
    const answer = this.ask((core) => core.claim(claim, this.nowMs));
    if (answer.kind === 'refused') this.claims.delete(claim.runId);
    if (answer.kind === 'granted') this.take(answer.lease);
  }

  private giveWay(runId: string, claim: number): void {
    const request = this.claims.get(runId)!.request;
    expect(request.preemptible).toBe(true);
    expect(this.leases.get(runId)?.claim).toBe(claim);
    expect(this.told.has(`${runId} ${claim}`)).toBe(false);
    this.told.add(`${runId} ${claim}`);
  }

  private take(lease: Lease): void {
    expect(this.leases.has(lease.runId)).toBe(false);
    const { claim, request } = this.claims.get(lease.runId)!;
    expect(lease.claim).toBe(claim);
    expect(lease.nodes).toHaveLength(request.nodes);
    this.checkGpus(lease, request);
    this.leases.set(lease.runId, lease);
    for (const { host } of lease.nodes) this.checkHost(host, request);
    this.checkQuotas(request);
    this.checkReserved(lease, request);
  }

  private checkGpus(lease: Lease, request: LeaseRequest): void {
    const held = new Set([...this.leases.values()].flatMap(({ nodes }) => nodes.flatMap(({ gpuIds }) => gpuIds)));
    for (const { name } of this.hosts)
      for (const { gpuIds } of this.unleasedOn(name)) for (const id of gpuIds) held.add(id);
    for (const { host, gpuIds } of lease.nodes) {
      expect(gpuIds).toHaveLength(request.gpus);
      for (const id of gpuIds) {
        expect(held.has(id)).toBe(false);
        held.add(id);
        const gpu = this.hostNamed(host).gpus.find((each) => each.id === id)!;
        expect(gpu.trouble).toBeNull();
        expect(gpu.model.toLowerCase()).toContain((request.gpuModel ?? '').toLowerCase());
        expect(gpu.memoryBytes).toBeGreaterThanOrEqual(request.gpuMemoryBytes);
      }
    }
  }

  private checkHost(name: string, request: LeaseRequest): void {
    const facts = this.hostNamed(name);
    expect(facts.contact).toBe('ok');
    expect(this.intents.get(name) ?? 'none').toBe('none');
    expect(facts.refuses).toBeNull();
    expect(request.host ?? name).toBe(name);
    expect(facts.labels).toMatchObject(request.hostLabels);
    const leased = [...this.leases.values()].flatMap((lease) => lease.nodes).filter(({ host }) => host === name);
    const nodes = [...leased, ...this.unleasedOn(name)];
    const sum = (amounts: number[]): number => amounts.reduce((total, amount) => total + amount, 0);
    expect(sum(nodes.map(({ cpus }) => cpus))).toBeLessThanOrEqual(facts.cpus + 1e-9);
    expect(sum(nodes.map(({ memoryBytes }) => memoryBytes))).toBeLessThanOrEqual(facts.memoryBytes);
  }

  /** Containers whose runs have no lease on their host. */
  private unleasedOn(name: string): HostContainer[] {
    const hasLease = (runId: string): boolean =>
      this.leases.get(runId)?.nodes.some(({ host }) => host === name) ?? false;
    return (this.hostNamed(name).unleased ?? []).filter(({ runId }) => !hasLease(runId));
  }

  private checkQuotas(asked: LeaseRequest): void {
    const { project, owner } = asked;
    const { projectQuotas = {}, ownerQuotas = {} } = this.settings;
    this.checkQuota(asked, projectQuotas[project] ?? projectQuotas['*'], (request) => request.project === project);
    this.checkQuota(asked, ownerQuotas[owner] ?? ownerQuotas['*'], (request) => request.owner === owner);
  }

  private checkQuota(asked: LeaseRequest, quota: Quota | undefined, isOf: (request: LeaseRequest) => boolean): void {
    const requests = [...this.leases.keys()].map((runId) => this.claims.get(runId)!.request).filter(isOf);
    const sum = (amount: (request: LeaseRequest) => number): number =>
      requests.reduce((total, request) => total + request.nodes * amount(request), 0);
    expect(requests.length).toBeLessThanOrEqual(quota?.runs ?? Infinity);
    // A quota that is lowered takes nothing away; it keeps from more.
    if (asked.gpus > 0) expect(sum(({ gpus }) => gpus)).toBeLessThanOrEqual(quota?.gpus ?? Infinity);
    expect(sum(({ cpus }) => cpus)).toBeLessThanOrEqual((quota?.cpus ?? Infinity) + 1e-9);
  }

  /** What is reserved for others now and not taken by them yet is still free; where that is too little for all, each takes what is its own. */
  private checkReserved(lease: Lease, request: LeaseRequest): void {
    const active = this.reservations.filter(
      ({ from, until }) => Date.parse(from) <= this.nowMs && this.nowMs < Date.parse(until),
    );
    const takes = new Set(lease.nodes.flatMap(({ gpuIds }) => gpuIds));
    for (const { project, gpus, gpuModel } of active) {
      const matching = this.gpusOf(gpuModel);
      if (project === request.project || !matching.some(({ gpu }) => takes.has(gpu.id))) continue;
      const isOwn = active.some((other) => {
        const own = this.gpusOf(other.gpuModel).filter(({ holder }) => holder === request.project);
        return (
          other.project === request.project && own.length <= other.gpus && own.some(({ gpu }) => takes.has(gpu.id))
        );
      });
      if (isOwn) continue;
      const own = matching.filter(({ holder }) => holder === project).length;
      const left = this.hosts.flatMap(({ name }) => this.unleasedOn(name).flatMap(({ gpuIds }) => gpuIds));
      const free = matching.filter(
        ({ host, gpu, holder }) =>
          holder === undefined &&
          !left.includes(gpu.id) &&
          gpu.trouble === null &&
          host.contact === 'ok' &&
          host.refuses === null &&
          (this.intents.get(host.name) ?? 'none') === 'none',
      ).length;
      expect(free).toBeGreaterThanOrEqual(gpus - own);
    }
  }

  /** GPUs of a model, and which project holds each. */
  private gpusOf(model: string | null): { host: PoolHostFacts; gpu: Gpu; holder: string | undefined }[] {
    const projects = new Map(
      [...this.leases].flatMap(([runId, { nodes }]) =>
        nodes.flatMap(({ gpuIds }) => gpuIds.map((id) => [id, this.claims.get(runId)!.request.project] as const)),
      ),
    );
    const all = this.hosts.flatMap((host) => host.gpus.map((gpu) => ({ host, gpu, holder: projects.get(gpu.id) })));
    return all.filter(({ gpu }) => gpu.model.includes(model ?? ''));
  }

  private hostNamed(name: string): PoolHostFacts {
    return this.hosts.find((host) => host.name === name)!;
  }
}
