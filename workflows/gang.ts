import { ParentClosePolicy, startChild, type ChildWorkflowHandle } from '@temporalio/workflow';

import { nodeRunId, type GangPlace, type NodeEnd, type NodeInput } from '../contract/gang';
import { GANG_NODE_WORKFLOW } from '../contract/names';
import type { LeaseNode } from '../contract/pool';
import { endingOfGang, isTrouble, tellTrouble, type EndedNode } from '../policy/gang';
import type { Ending } from '../policy/outcome';
import { failureOf } from './failure';
import { cancelSignal } from './messages';
import type { nodeWorkflow } from './node-workflow';
import type { RunLife } from './run-life';

/** What all nodes of one attempt of a gang have in common. */
export type GangWish = Pick<NodeInput, 'spec' | 'specHash'> & {
  epoch: number;
  places: readonly GangPlace[];
  leases: readonly LeaseNode[];
};

/**
 * The nodes of a gang but its own, each a workflow and a run of its own, started together and ended together: the first that
 * fails ends the attempt of all.
 */
export class Gang {
  private firstTrouble: EndedNode | null = null;
  private isEnding = false;
  private readonly ends: Promise<EndedNode>[];

  private constructor(
    private readonly life: RunLife,
    private readonly handles: readonly StartedNode[],
  ) {
    this.ends = handles.map(async (node) => this.endOf(node));
    // Whatever ends the attempt ends all of its nodes.
    void life.interrupts.requested.then(async () => this.endOthers());
  }

  /** Starts the nodes of ranks 1 and above; each pulls its image and starts its container by itself. */
  static async start(life: RunLife, { spec, specHash, epoch, places, leases }: GangWish): Promise<Gang> {
    const others = places.slice(1).map(async (place): Promise<StartedNode> => {
      const { rank } = place;
      const lease = leases[rank]!;
      const runId = nodeRunId(life.run.id, epoch, rank);
      const handle = await startChild<typeof nodeWorkflow>(GANG_NODE_WORKFLOW, {
        workflowId: runId,
        args: [{ spec, specHash, place, lease }],
        // As by a user: its container is stopped, its log stored.
        parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
        staticSummary: `Node ${rank} of ${life.run.id}, on ${lease.host}`,
      });
      return { rank, runId, host: lease.host, handle };
    });
    const handles = await Promise.all(others);
    Object.assign(life.attempts.at(-1)!, { nodes: handles.map(({ rank, runId, host }) => ({ rank, runId, host })) });
    life.note(`Nodes: ${handles.map(({ rank, runId, host }) => `${rank} is run ${runId} on ${host}`).join(', ')}.`);
    return new Gang(life, handles);
  }

  /**
   * Waits until no node is left, and says how the gang's attempt ended.
   *
   * @param own how its own node ended.
   */
  async end(own: Ending): Promise<{ ending: Ending; of: EndedNode | null }> {
    if (own.reason !== 'completed') await this.endOthers();
    const ended = await Promise.all(this.ends);
    const late = own.reason === 'completed' ? (ended.find(isTrouble) ?? null) : null;
    return endingOfGang(own, this.firstTrouble ?? late);
  }

  private async endOf({ handle, ...node }: StartedNode): Promise<EndedNode> {
    const end = await handle.result().catch((error: unknown): NodeEnd => lostNode(failureOf(error)));
    const ended = { ...node, end };
    if (isTrouble(ended) && !this.isEnding) {
      this.firstTrouble = ended;
      const detail = tellTrouble(ended);
      this.life.note(detail);
      this.life.interrupts.endAttempt({ reason: 'node-failed', detail: { detail } });
      await this.endOthers();
    }
    return ended;
  }

  private async endOthers(): Promise<void> {
    if (this.isEnding) return;
    this.isEnding = true;
    // One that has ended needs no telling.
    await Promise.all(this.handles.map(async ({ handle }) => handle.signal(cancelSignal, BY).catch(() => undefined)));
  }
}

interface StartedNode {
  rank: number;
  runId: string;
  host: string;
  handle: ChildWorkflowHandle<typeof nodeWorkflow>;
}

const BY = { by: 'its gang' };

/** Its workflow was terminated: what it left is removed by the reconciler of its host. */
function lostNode({ detail }: Ending): NodeEnd {
  return { reason: 'workflow-terminated', exitCode: null, detail, findings: null, evidence: null };
}
