import type { WorkflowHandle } from '@temporalio/client';

import { CONTROL_TASK_QUEUE, RUN_WORKFLOW } from '../../contract/names';
import type { RunUpdate } from '../../contract/run';
import { preemptSignal } from '../../workflows/messages';
import { deferred } from '../helpers/deferred';
import { fakeHost } from '../helpers/fake-host';
import { heldContainers } from '../helpers/held-containers';
import { pooled, poolOfTest } from '../helpers/pool-suite';
import { until } from '../helpers/until';
import { workflowSuite } from '../helpers/workflow-suite';

const suite = workflowSuite();

it('a run that is told to give way before it has heard of its lease starts nothing, and the other gets the place', async () => {
  const { changes, ends } = heldContainers();
  const host = fakeHost(changes);
  const pool = poolOfTest(suite);
  const activities = pooled(suite, pool, host.activities);
  const { claimLease } = activities;
  const of = ({ workflowId }: WorkflowHandle): RunUpdate[] =>
    host.records.updates.filter(({ run }) => run.id === workflowId);
  const isTold = deferred();
  activities.claimLease = async (claim) => {
    const answer = await claimLease(claim);
    if (claim.request.preemptible && claim.claim === 1) await isTold.promise;
    return answer;
  };
  await suite.withWorkers(activities, async (start) => {
    await pool.begin({ checkEveryMs: 300 });
    try {
      await pool.becomes(({ hosts }) => hosts.length === 1);
      const weak = await start({ priority: 10, preemptible: true });
      await pool.becomes(({ leases }) => leases[0]?.runId === weak.workflowId);
      const strong = await start({ priority: 90 });
      await until(async () => {
        const { events } = await weak.fetchHistory();
        return events?.some(
          (event) => event.workflowExecutionSignaledEventAttributes?.signalName === preemptSignal.name,
        );
      });
      isTold.resolve();

      await pool.becomes(({ leases }) => leases[0]?.runId === strong.workflowId);
      expect(of(weak).some(({ run }) => run.state === 'pulling')).toBe(false);
      for (const run of [strong, weak]) ends(run.workflowId);
      await Promise.all([strong.result(), weak.result()]);
      expect(of(weak).at(-1)!.attempts).toMatchObject([
        { reason: 'preempted', host: null },
        { reason: 'completed', host: 'fake' },
      ]);
    } finally {
      await pool.end();
    }
  });
});

it('a run that is told so before its admission is over gives way as soon as it is', async () => {
  const host = fakeHost();
  await suite.withWorkers(host.activities, async () => {
    const workflowId = 'told-early';
    // As where the worker that admits a run dies over it: the pool has the claim by then.
    const run = await suite.client.signalWithStart(RUN_WORKFLOW, {
      taskQueue: CONTROL_TASK_QUEUE,
      workflowId,
      args: [{ image: 'trainyard/test:1' }],
      signal: preemptSignal,
      signalArgs: [{ runId: workflowId, claim: 1, because: 'another needs its place' }],
    });
    await run.result();
  });
  expect(host.records.updates.at(-1)!.attempts).toMatchObject([{ reason: 'preempted' }, { reason: 'completed' }]);
});
