import { createPoolActivities } from '../../activities/pool-activities';
import { tellPool } from '../../activities/tell-pool';
import { CONTROL_TASK_QUEUE, POOL_WORKFLOW, poolWorkflowIdFor } from '../../contract/names';
import type { PoolView } from '../../contract/pool';
import type { PoolInput } from '../../contract/pool-messages';
import type { HostReport } from '../../contract/host';
import { createPoolLink, type PoolLink } from '../../worker/pool-link';
import { standingOf } from '../../worker/temporal-link';
import { createWorkflowWitness } from '../../worker/workflow-witness';
import { poolQuery } from '../../workflows/pool-messages';
import type { Activities } from './fake-host';
import { hostReport } from './host-report';
import { until } from './until';
import type { WorkflowSuite } from './workflow-suite';

/** A real pool between the runs of a workflow test and its fake hosts. */
export interface PoolOfTest {
  name: string;
  link: PoolLink;
  hosts: HostReport[];
  /** Starts it, with times for tests. */
  begin(input?: Omit<PoolInput, 'name'>, memo?: Record<string, unknown>): Promise<void>;
  /** Terminates it; before the workers go, so that none of them takes a task of it and dies. */
  end(): Promise<void>;
  view(): Promise<PoolView>;
  /** Resolves with the pool as soon as it is as it should be. */
  becomes(condition: (view: PoolView) => boolean, timeoutMs?: number): Promise<PoolView>;
}

export function poolOfTest(
  suite: WorkflowSuite,
  hosts = [hostReport({ name: 'fake', cpus: 1, memoryBytes: 64 * GIB })],
  name = 'default',
): PoolOfTest {
  const client = suite.plain;
  const view = async (): Promise<PoolView> => client.workflow.getHandle(poolWorkflowIdFor(name)).query(poolQuery);
  return {
    ...{ name, hosts, view },
    link: createPoolLink(client),
    begin: async (input = {}, memo = {}) => {
      const workflowId = poolWorkflowIdFor(name);
      const args = [{ name, ...input }];
      await client.workflow.start(POOL_WORKFLOW, { taskQueue: CONTROL_TASK_QUEUE, workflowId, args, memo });
    },
    end: async () => {
      await client.workflow.getHandle(poolWorkflowIdFor(name)).terminate('the test is over');
    },
    becomes: (condition, timeoutMs) =>
      until(
        async () => {
          const now = await view();
          return condition(now) && now;
        },
        timeoutMs === undefined ? {} : { timeoutMs },
      ),
  };
}

/** Activities that ask a real pool, and that tell it of its hosts and of runs that have ended. */
export function pooled(suite: WorkflowSuite, { link, hosts }: PoolOfTest, activities: Activities): Activities {
  const client = suite.plain;
  const { liveRuns } = createWorkflowWitness(client);
  const store = {
    listHosts: async () => hosts.map((host) => ({ ...host, reportedAt: new Date().toISOString() })),
    listRuns: async () => ({ items: [], next: null }),
    getRun: async () => null,
  };
  const runs = { ...link, liveRuns, standingOf: async (runId: string) => standingOf(client, runId) };
  const { recordRun } = activities;
  return {
    ...activities,
    ...createPoolActivities({ store, runs }),
    claimLease: async ({ pool, ...claim }) => link.claim(pool, claim),
    recordRun: async (update) => {
      for (const word of update.toPool ?? []) await tellPool(link, word);
      await recordRun(update);
    },
  };
}

const GIB = 2 ** 30;
