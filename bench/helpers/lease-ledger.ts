import type { Lease, LeaseNode, LeaseRequest, PoolHostFacts } from '../../contract/pool';

/** How often each was looked at and held. */
export interface LedgerChecks {
  /** Nodes that their host had room and GPUs for. */
  neverOverCapacity: number;
  /** Leases that were given to a run that held none. */
  neverTwoLeasesForAnAttempt: number;
  /** Nodes that were given on a host that was there. */
  neverOnALostHost: number;
}

/** Keeps its own account of who holds what, and throws as soon as a pool gives out what it does not have. */
export interface LeaseLedger {
  take(lease: Lease, request: LeaseRequest): void;
  /** @returns the GPUs that it gave back. */
  give(runId: string): number;
  lose(host: string): void;
  regain(host: string): void;
  checks(): LedgerChecks;
}

interface Room {
  cpus: number;
  memoryBytes: number;
  freeGpus: Map<string, string>;
  isThere: boolean;
}

export function createLeaseLedger(hosts: readonly PoolHostFacts[]): LeaseLedger {
  const rooms = new Map(hosts.map((facts) => [facts.name, roomOf(facts)]));
  const leases = new Map<string, Lease>();
  const models = new Map(hosts.flatMap(({ gpus }) => gpus.map(({ id, model }) => [id, model])));
  const checks: LedgerChecks = { neverOverCapacity: 0, neverTwoLeasesForAnAttempt: 0, neverOnALostHost: 0 };
  return {
    take(lease, request) {
      check(!leases.has(lease.runId), lease, 'a second lease of a run');
      checks.neverTwoLeasesForAnAttempt += 1;
      check(lease.nodes.length === request.nodes, lease, 'not all nodes of a gang');
      leases.set(lease.runId, lease);
      for (const node of lease.nodes) {
        const room = rooms.get(node.host)!;
        check(room.isThere, lease, `host ${node.host} is lost`);
        checks.neverOnALostHost += 1;
        room.cpus -= node.cpus;
        room.memoryBytes -= node.memoryBytes;
        check(room.cpus >= 0 && room.memoryBytes >= 0, lease, `host ${node.host} is over its capacity`);
        check(node.gpuIds.length === request.gpus, lease, 'not as many GPUs as were asked for');
        for (const id of node.gpuIds) {
          check(room.freeGpus.delete(id), lease, `GPU ${id} is not free`);
          check(models.get(id)!.includes(request.gpuModel ?? ''), lease, `GPU ${id} is of another model`);
        }
        checks.neverOverCapacity += 1;
      }
    },
    give(runId) {
      const lease = leases.get(runId)!;
      leases.delete(runId);
      for (const node of lease.nodes) giveBack(rooms.get(node.host)!, node);
      return lease.nodes.reduce((sum, { gpuIds }) => sum + gpuIds.length, 0);
    },
    checks: () => ({ ...checks }),
    lose: (host) => void (rooms.get(host)!.isThere = false),
    regain: (host) => void (rooms.get(host)!.isThere = true),
  };
}

function check(isTrue: boolean, lease: Lease, fault: string): void {
  if (!isTrue) throw new Error(`${fault}: ${JSON.stringify(lease)}`);
}

function giveBack(room: Room, { cpus, memoryBytes, gpuIds }: LeaseNode): void {
  room.cpus += cpus;
  room.memoryBytes += memoryBytes;
  for (const id of gpuIds) room.freeGpus.set(id, id);
}

function roomOf({ cpus, memoryBytes, gpus }: PoolHostFacts): Room {
  return { cpus, memoryBytes, freeGpus: new Map(gpus.map(({ id }) => [id, id])), isThere: true };
}
