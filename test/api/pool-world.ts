import { Context } from '@temporalio/activity';

import { createControlActivities } from '../../activities/control-activities';
import { createPoolActivities } from '../../activities/pool-activities';
import type { HostReport } from '../../contract/host';
import type { Run } from '../../contract/run';
import type { RunSubmission } from '../../contract/spec';
import { createPoolLink } from '../../worker/pool-link';
import { standingOf } from '../../worker/temporal-link';
import { createWorkflowWitness } from '../../worker/workflow-witness';
import { deferred, type Deferred } from '../helpers/deferred';
import { fakeHost, GOOD_OUTCOME, type Activities } from '../helpers/fake-host';
import { hostReport } from '../helpers/host-report';
import { until } from '../helpers/until';
import { workflowSuite, type WorkflowSuite } from '../helpers/workflow-suite';
import { testApi, type TestApi } from './test-api';

/** The API over pools as they really are; only the containers are not real, and run until a test lets them end. */
export interface PoolWorld {
  /** All that a control worker and the host `fake` do. */
  activities(): Activities;
  /** Lets a container end by itself. */
  end(runId: string): void;
  /** A host reports, and its pool has heard of it. */
  hostIs(changes: Partial<HostReport>): Promise<void>;
  submit(submission: Partial<RunSubmission>): Promise<Run>;
  reached(runId: string, state: Run['state']): Promise<void>;
}

export interface PoolSuite {
  readonly suite: WorkflowSuite;
  readonly api: TestApi;
  readonly world: PoolWorld;
  /** Has the workers of the world while `body` runs. */
  inWorld(body: () => Promise<void>): Promise<void>;
}

/** A Temporal of the test file's own, with an API and pools over it. */
export function poolSuite(): PoolSuite {
  const suite = workflowSuite();
  let api: TestApi | undefined;
  const world = poolWorld(suite, () => api!);
  beforeAll(async () => {
    api = await testApi({ temporal: suite.env.address });
  });
  afterAll(async () => api?.close());
  return {
    suite,
    get api() {
      return api!;
    },
    world,
    inWorld: async (body) => suite.withWorkers(world.activities(), body),
  };
}

function poolWorld(suite: WorkflowSuite, api: () => TestApi): PoolWorld {
  const ends = new Map<string, Deferred<void>>();
  const endOf = (runId: string): Deferred<void> => {
    const known = ends.get(runId) ?? deferred<void>();
    ends.set(runId, known);
    return known;
  };
  const link = () => createPoolLink(suite.plain);
  return {
    activities: () => ({
      ...fakeHost({ followContainer: ({ runId }) => follow(endOf(runId)) }).activities,
      ...realActivities(suite, api(), link()),
    }),
    end: (runId) => endOf(runId).resolve(),
    hostIs: async (changes) => {
      const report = hostReport({ memoryBytes: 8 * 1024 ** 3, ...changes });
      await api().services.runStore.reportHost(report);
      await link().start(report.pool);
      await until(async () => {
        const view = await api().services.temporal.pools.view(report.pool);
        return view?.hosts.some(({ name, cpus }) => name === report.name && cpus === report.cpus);
      });
    },
    submit: async (submission) => {
      const response = await api().post('/v1/runs', { image: 'trainyard/test:1', ...submission });
      expect([response.statusCode, response.body]).toEqual([202, expect.any(String)]);
      return response.json<Run>();
    },
    reached: async (runId, state) => {
      await until(async () => (await api().get(`/v1/runs/${runId}`)).json<Run>().state === state);
    },
  };
}

function realActivities(suite: WorkflowSuite, { services }: TestApi, pools: ReturnType<typeof createPoolLink>) {
  const { runStore: store, recipes, policies } = services;
  const client = suite.plain;
  const { liveRuns } = createWorkflowWitness(client);
  const control = { store, recipes, policies, pools, checkTargets: async () => [], cancelWorkflow: async () => {} };
  const currentExecution = () => Context.current().info.workflowExecution?.runId;
  return {
    ...createControlActivities({ ...control, currentExecution }),
    ...createPoolActivities({ store, runs: { ...pools, liveRuns, standingOf: (runId) => standingOf(client, runId) } }),
  };
}

async function follow(end: Deferred<void>) {
  const { cancelled, heartbeat } = Context.current();
  const beat = setInterval(() => heartbeat(), 200);
  return Promise.race([end.promise.then(() => GOOD_OUTCOME), cancelled]).finally(() => clearInterval(beat));
}
