import { gangNetworkName, nodeAlias, type GangNetwork, type GangPlace, type NodeEnd } from '../contract/gang';
import type { AttemptIdentity } from '../contract/activities';
import type { LeaseNode } from '../contract/pool';
import type { RunSpec } from '../contract/spec';
import { describeEnding, type Ending } from './outcome';

/** First of the ports that gangs on the networks of their hosts meet at, and how many there are. */
const FIRST_PORT = 29_500;
const PORTS = 1_000;

/**
 * Where the nodes of a gang find each other, by rank. On one host they have a network of their own and their names there; on
 * several they use the networks of the hosts, and the address that the operator of the first has given. Gangs on one such
 * network take different ports, as likely as their ids are different.
 *
 * @returns a sentence where they cannot find each other.
 */
export function placeGang(
  { runId, attempt, epoch }: Pick<AttemptIdentity, 'runId' | 'attempt' | 'epoch'>,
  { network }: Pick<RunSpec, 'network'>,
  nodes: readonly LeaseNode[],
): GangPlace[] | string {
  const [first] = nodes;
  const isOnOneHost = nodes.every(({ host }) => host === first?.host);
  const common = {
    of: runId,
    attempt,
    worldSize: nodes.length,
    network: networkOf(runId, epoch, network, isOnOneHost),
  };
  if (isOnOneHost) {
    const master = { masterAddress: nodeAlias(0), masterPort: FIRST_PORT };
    return nodes.map((_, rank) => ({ ...common, ...master, rank }));
  }
  const silent = nodes.find(({ address }) => !address);
  if (silent !== undefined) {
    return `host ${silent.host} has no address for gangs on several hosts (host.address of its worker)`;
  }
  const master = { masterAddress: first!.address!, masterPort: FIRST_PORT + (hashOf(runId) % PORTS) };
  return nodes.map((_, rank) => ({ ...common, ...master, rank }));
}

function networkOf(runId: string, epoch: number, asked: string, isOnOneHost: boolean): GangNetwork {
  if (!isOnOneHost) return { kind: 'host' };
  if (asked !== 'none' && asked !== 'egress') return { kind: 'named', name: asked };
  return { kind: 'bridge', name: gangNetworkName(runId, epoch), internal: asked === 'none' };
}

/** FNV-1a, of 32 bits: ids of runs are ASCII. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const letter of text) hash = Math.imul(hash ^ letter.charCodeAt(0), 0x01000193) >>> 0;
  return hash;
}

/** A node of a gang that has ended. */
export interface EndedNode {
  rank: number;
  runId: string;
  host: string;
  end: NodeEnd;
}

export function isTrouble({ end }: EndedNode): boolean {
  return end.reason !== 'completed';
}

/**
 * How an attempt of a gang ended: as its own node did, unless another was the first to fail; then as that one did, which is
 * named.
 */
export function endingOfGang(own: Ending, first: EndedNode | null): { ending: Ending; of: EndedNode | null } {
  if (first === null || (own.reason !== 'completed' && own.reason !== 'node-failed')) return { ending: own, of: null };
  const { reason, exitCode, detail } = first.end;
  const where = `This was node ${first.rank} of the gang, run ${first.runId} on host ${first.host}.`;
  return { ending: { reason, exitCode, detail: { ...detail, where } }, of: first };
}

/** Why the other nodes are stopped. */
export function tellTrouble({ rank, runId, host, end }: EndedNode): string {
  return `Node ${rank} (run ${runId} on host ${host}) ended first: ${describeEnding(end)}`;
}
