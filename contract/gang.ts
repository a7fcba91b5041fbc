import type { Evidence, Findings } from './evidence';
import type { LeaseNode } from './pool';
import type { EndReason, ReasonDetail } from './reason';
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
