import type { Evidence, Findings } from './evidence';
import type { Fault } from './fault';
import type { LeaseNode } from './pool';
import type { EndReason, ReasonDetail } from './reason';
import type { Attempt, Run } from './run';
import type { RunSpec } from './spec';

/** What a container of a gang knows of the others. A gang is a run of several nodes; each node but the first is a run of its own. */
export interface GangPlace {
  /** Id of the run that is the gang; its node is of rank 0, and all nodes share its artifacts and checkpoints. */
  of: string;
  /** Number of the gang's attempt; a node has one attempt of its own. */
  attempt: number;
  rank: number;
  worldSize: number;
  masterAddress: string;
  masterPort: number;
  network: GangNetwork;
}

/**
 * A bridge network that the nodes share, where all are on one engine; else the network of each host, which its operator must
 * have allowed (`host.address`).
 */
export type GangNetwork =
  { kind: 'bridge'; name: string; internal: boolean } | { kind: 'named'; name: string } | { kind: 'host' };

/** Name of the node of a rank in a network that the gang shares. */
export function nodeAlias(rank: number): string {
  return `node-${rank}`;
}

/** Id of the run that is the node of a rank, under one lease of a gang; each lease has an epoch of its own. */
export function nodeRunId(gangId: string, epoch: number, rank: number): string {
  return `${gangId}.e${epoch}.n${rank}`;
}

const NODE_RUN_ID = /^(.+)\.e\d+\.n\d+$/;

/** The gang that a run would be a node of, by its id; null where it looks like no node. */
export function gangOfNodeRunId(runId: string): string | null {
  return NODE_RUN_ID.exec(runId)?.[1] ?? null;
}

/** A run with what tells its nodes; `spec` is null where it is not known. */
export type GangView = Pick<Run, 'id' | 'state' | 'gangOf' | 'rank'> & {
  attempts: readonly Pick<Attempt, 'number' | 'nodes'>[];
  spec: { nodes?: number | undefined } | null;
};

/** Which node of a gang is meant: of the newest attempt that has one of that rank, or of the attempt that is named. */
export interface NodeChoice {
  rank: number;
  attempt?: number | undefined;
}

/** A node that was looked for: the run that it is; or what is wrong with the question; or why there is none (yet). */
export type FoundNode = { runId: string } | { fault: Fault } | { absent: string };

export function findNode(gang: GangView, { rank, attempt }: NodeChoice): FoundNode {
  if (rank === 0) return { runId: gang.id };
  if (gang.gangOf !== null) {
    const message = `is for gangs: the run "${gang.id}" is itself node ${gang.rank} of "${gang.gangOf}"`;
    return { fault: { path: 'node', message } };
  }
  const count = countNodes(gang);
  if (count === 1)
    return { fault: { path: 'node', message: `must be 0 or left out: the run "${gang.id}" has one node` } };
  if (rank >= count) {
    const message = `must be from 0 to ${count - 1}: the run "${gang.id}" has ${count} nodes`;
    return { fault: { path: 'node', message } };
  }
  const nodes = gang.attempts.filter(({ number }) => attempt === undefined || number === attempt);
  const node = nodes.flatMap((each) => each.nodes).findLast((each) => each.rank === rank);
  if (node !== undefined) return { runId: node.runId };
  const which = attempt === undefined ? `yet; it is ${gang.state}` : `in an attempt ${attempt}`;
  return { absent: `The run "${gang.id}" has no node ${rank} ${which}.` };
}

/** Nodes of a run; 1 for everything but a gang. */
export function countNodes({ attempts, spec }: Pick<GangView, 'attempts' | 'spec'>): number {
  return Math.max(spec?.nodes ?? 1, ...attempts.map(({ nodes }) => nodes.length + 1));
}

/** Name of the network of a gang under one lease. */
export function gangNetworkName(gangId: string, epoch: number): string {
  return `trainyard-${gangId.replace(/[^A-Za-z0-9_.-]/g, '_')}-e${epoch}`;
}

/** Input of `nodeWorkflow`, which is started by the workflow of a gang for each node but its own. */
export interface NodeInput {
  spec: RunSpec;
  specHash: string;
  place: GangPlace;
  /** Its part of the gang's lease. */
  lease: LeaseNode;
}

/** How a node ended; plain, so that the gang can judge it as its own attempt. */
export interface NodeEnd {
  reason: EndReason;
  exitCode: number | null;
  detail: ReasonDetail;
  findings: Findings | null;
  evidence: Evidence | null;
}
