import { createPoolActivities } from '../../activities/pool-activities';
import { standingOf } from '../../worker/temporal-link';
import { createWorkflowWitness } from '../../worker/workflow-witness';
import { fakeHost } from '../helpers/fake-host';
import { heldContainers } from '../helpers/held-containers';
import { hostReport } from '../helpers/host-report';
import { pooled, poolOfTest } from '../helpers/pool-suite';
import { workflowSuite } from '../helpers/workflow-suite';

const suite = workflowSuite();

/** What docs/pools.md promises. */
const WITHIN_MS = 90_000;

it('the place of a run that was terminated is free within 90 s, also while the store is away', async () => {
  const report = hostReport({ name: 'fake', cpus: 1, memoryBytes: 2 ** 36 });
  const pool = poolOfTest(suite, [report]);
  const { changes, ends } = heldContainers();
  let isAway = false;
  const listHosts = async () => {
    if (isAway) throw new Error('the store is away');
    return [{ ...report, reportedAt: new Date().toISOString() }];
  };
  const store = { listHosts, listRuns: async () => ({ items: [], next: null }), getRun: async () => null };
  const { liveRuns } = createWorkflowWitness(suite.plain);
  const runs = { ...pool.link, liveRuns, standingOf: async (runId: string) => standingOf(suite.plain, runId) };
  const activities = pooled(suite, pool, fakeHost(changes).activities);
  await suite.withWorkers({ ...activities, ...createPoolActivities({ store, runs }) }, async (start) => {
    // With the times that pools have.
    await pool.begin();
    try {
      const run = await start({});
      await pool.becomes(({ leases }) => leases.length === 1);
      isAway = true;
      await run.terminate('by hand');
      const terminatedAt = performance.now();
      const { hosts } = await pool.becomes(({ leases }) => leases.length === 0, WITHIN_MS);
      expect(performance.now() - terminatedAt).toBeLessThan(WITHIN_MS);
      expect(hosts).toMatchObject([{ name: 'fake', state: 'ready', usedCpus: 0 }]);
      ends(run.workflowId);

      isAway = false;
      report.labels = { disk: 'fast' };
      await pool.becomes(({ hosts: [host] }) => host?.labels['disk'] === 'fast');
    } finally {
      await pool.end();
    }
  });
}, 150_000);
