import type { WorkflowHandle } from '@temporalio/client';

import type { ClaimAnswer } from '../../contract/pool';
import { sentence } from '../../contract/sentence';
import {
  cancelSignal,
  changeRunUpdate,
  leaseGrantedSignal,
  leaseQuery,
  suspendSignal,
  resumeSignal,
} from '../../workflows/messages';
import { fakeHost, GOOD_OUTCOME, type Activities } from '../helpers/fake-host';
import { heldContainers } from '../helpers/held-containers';
import { containerThatMustBeStopped } from '../helpers/must-be-stopped';
import { pooled, poolOfTest, type PoolOfTest } from '../helpers/pool-suite';
import { workflowSuite, type StartRun } from '../helpers/workflow-suite';

const suite = workflowSuite();

/** Runs with a pool of their own, of one host with one CPU, while `body` goes on. */
async function withPool<T>(
  host: ReturnType<typeof fakeHost>,
  body: (start: StartRun, pool: PoolOfTest) => Promise<T>,
): Promise<T> {
  const pool = poolOfTest(suite);
  return suite.withWorkers(pooled(suite, pool, host.activities), async (start) => {
    await pool.begin({ checkEveryMs: 300 });
    try {
      return await body(start, pool);
    } finally {
      await pool.end();
    }
  });
}

/** The first container of a run goes on until it is stopped; all others do as `others` say, or end well at once. */
function stoppedAtFirst(runId: () => string, others: Partial<Activities> = {}): Partial<Activities> {
  const stoppable = containerThatMustBeStopped();
  const followOther = others.followContainer ?? (async () => GOOD_OUTCOME);
  return {
    ...stoppable,
    followContainer: async (input) =>
      input.runId === runId() && input.attempt === 1 ? stoppable.followContainer(input) : followOther(input),
  };
}

describe('a run of a pool', () => {
  it('is granted a lease, says why, and gives it back when its container is gone', async () => {
    const { changes, ends } = heldContainers();
    const host = fakeHost(changes);
    await withPool(host, async (start, pool) => {
      const run = await start({});
      await host.records.reached('running');
      const { leases } = await pool.view();
      expect(leases).toMatchObject([
        { runId: run.workflowId, claim: 1, attempt: 1, nodes: [{ host: 'fake', cpus: 1 }] },
      ]);
      expect(host.records.events.map(({ message }) => message)).toContain(sentence(leases[0]!.because));
      ends(run.workflowId);
      await run.result();
      await pool.becomes((view) => view.leases.length === 0);
    });
    expect(host.calls.at(-1)).toBe('cleanUp');
  });

  it('waits while the host is full, says for what, and goes on when another run gives its lease back', async () => {
    const { changes, ends } = heldContainers();
    const host = fakeHost(changes);
    await withPool(host, async (start, pool) => {
      const first = await start({});
      await pool.becomes(({ leases }) => leases.length === 1);
      const second = await start({});
      const { queue } = await pool.becomes(({ queued }) => queued === 1);
      await host.records.said(sentence(queue[0]!.waitsFor));
      ends(first.workflowId);
      ends(second.workflowId);
      await Promise.all([first.result(), second.result()]);
    });
    expect(host.records.latest().state).toBe('succeeded');
  });

  it('leaves the queue when it is cancelled, and when it is suspended', async () => {
    const { changes, ends } = heldContainers();
    const host = fakeHost(changes);
    await withPool(host, async (start, pool) => {
      const first = await start({});
      await pool.becomes(({ leases }) => leases.length === 1);
      const [cancelled, suspended] = [await start({}), await start({})];
      await pool.becomes(({ queued }) => queued === 2);
      await cancelled.signal(cancelSignal);
      await expect(cancelled.result()).rejects.toThrow();
      await suspended.signal(suspendSignal);
      await pool.becomes(({ queued }) => queued === 0);
      await suspended.signal(resumeSignal);
      await pool.becomes(({ queued }) => queued === 1);
      ends(first.workflowId);
      ends(suspended.workflowId);
      await suspended.result();
      await pool.becomes(({ leases }) => leases.length === 0);
    });
  });

  it('gives way to one of higher priority, and queues again with its place by age', async () => {
    const host = fakeHost(stoppedAtFirst(() => low));
    let low = '';
    await withPool(host, async (start, pool) => {
      const weak = await start({ priority: 10, preemptible: true });
      low = weak.workflowId;
      await host.records.reached('running');
      const strong = await start({ priority: 90 });
      await Promise.all([strong.result(), weak.result()]);
      await pool.becomes(({ leases }) => leases.length === 0);
    });
    const mine = host.records.updates.filter(({ run }) => run.id === low).at(-1)!;
    expect(mine.run).toMatchObject({ state: 'succeeded', attempt: 2 });
    expect(mine.attempts).toMatchObject([{ reason: 'preempted' }, { reason: 'completed' }]);
  });

  it('ends with no-capacity where no host could ever hold it', async () => {
    const host = fakeHost();
    const { admitRun } = host.activities;
    host.activities.admitRun = async (input) => {
      const admitted = await admitRun(input);
      return { ...admitted, spec: { ...admitted.spec, resources: { ...admitted.spec.resources, cpus: 64 } } };
    };
    await withPool(host, async (start, pool) => {
      await pool.becomes(({ hosts }) => hosts.length === 1);
      const run = await start({});
      await expect(run.result()).rejects.toThrow();
      expect((await pool.view()).queued).toBe(0);
    });
    expect(host.records.latest()).toMatchObject({
      reason: 'no-capacity',
      message: expect.stringContaining('resources.cpus'),
    });
  });
});

describe('the priority of a run that is changed', () => {
  const prioritise = async (run: WorkflowHandle, priority: number) =>
    run.executeUpdate(changeRunUpdate, { args: [{ priority, by: 'ada' }] });

  it('moves it in the queue, and it starts in that order', async () => {
    const { changes, ends } = heldContainers();
    const host = fakeHost(changes);
    await withPool(host, async (start, pool) => {
      const holder = await start({});
      await pool.becomes(({ leases }) => leases.length === 1);
      const older = await start({});
      await pool.becomes(({ queued }) => queued === 1);
      const younger = await start({});
      await pool.becomes(({ queued }) => queued === 2);
      expect((await pool.view()).queue.map(({ runId }) => runId)).toEqual([older.workflowId, younger.workflowId]);

      expect(await prioritise(younger, 90)).toMatchObject({ run: { priority: 90 }, spec: { priority: 90 } });
      const { queue } = await pool.becomes((view) => view.queue[0]?.runId === younger.workflowId);
      expect(queue.map(({ priority }) => priority)).toEqual([90, 50]);
      await host.records.said('Changed by ada: priority: 50 → 90.');

      ends(holder.workflowId);
      await pool.becomes(({ leases }) => leases[0]?.runId === younger.workflowId);
      for (const run of [younger, older]) ends(run.workflowId);
      await Promise.all([holder, younger, older].map((run) => run.result()));
    });
  });

  it('makes others give way at once, and goes with one that holds a place into its next claim', async () => {
    const { changes, ends } = heldContainers();
    const host = fakeHost(stoppedAtFirst(() => weakId, changes));
    let weakId = '';
    await withPool(host, async (start, pool) => {
      const weak = await start({ priority: 10, preemptible: true });
      weakId = weak.workflowId;
      await host.records.reached('running');
      const strong = await start({ priority: 5 });
      await pool.becomes(({ queued }) => queued === 1);
      await prioritise(weak, 20);
      await prioritise(strong, 90);

      const { queue } = await pool.becomes(
        ({ queue: [first], leases: [lease] }) => first?.runId === weakId && lease?.runId === strong.workflowId,
      );
      expect(queue).toMatchObject([{ priority: 20 }]);
      for (const run of [strong, weak]) ends(run.workflowId);
      await Promise.all([strong.result(), weak.result()]);
    });
  });

  it('is refused as any change is that makes no sense', async () => {
    const { changes, ends } = heldContainers();
    await withPool(fakeHost(changes), async (start, pool) => {
      const run = await start({});
      await pool.becomes(({ leases }) => leases.length === 1);
      const refused = await prioritise(run, 101).catch((error: unknown) => error);
      expect(refused).toMatchObject({
        cause: { type: 'change-refused', message: expect.stringMatching(/^priority: .*from 0 to 100/) },
      });
      ends(run.workflowId);
      await run.result();
    });
  });
});

describe('a claim that arrives after its release', () => {
  const GIVEN_BACK = 'The pool had a lease or a claim that the run no longer wants; it was given back.';
  const lateClaim = async (run: WorkflowHandle) => (await run.query(leaseQuery))!.claim;

  /** A run that was suspended and has given its lease back, with the claim that it had made for that; goes on and ends at last. */
  async function withSuspended(
    body: (world: {
      start: StartRun;
      pool: PoolOfTest;
      claimAgain: () => Promise<ClaimAnswer>;
      ends: (runId: string) => void;
    }) => Promise<void>,
  ): Promise<void> {
    const { changes, ends } = heldContainers();
    const host = fakeHost(stoppedAtFirst(() => suspended, changes));
    let suspended = '';
    await withPool(host, async (start, pool) => {
      const run = await start({});
      suspended = run.workflowId;
      await pool.becomes(({ leases }) => leases.length === 1);
      await host.records.reached('running');
      const { pool: name, ...late } = await lateClaim(run);
      await run.signal(suspendSignal);
      await host.records.reached('suspended');
      await pool.becomes(({ leases }) => leases.length === 0);

      await body({ start, pool, ends, claimAgain: () => pool.link.claim(name, late) });
      await host.records.said(GIVEN_BACK);

      ends(suspended);
      await run.signal(resumeSignal);
      await run.result();
    });
  }

  it('is given back by the run, which does not want it any more', async () => {
    await withSuspended(async ({ pool, claimAgain }) => {
      await claimAgain();
      await pool.becomes(({ leases, queued }) => leases.length === 0 && queued === 0);
    });
  });

  it('does not wait for a place that the run does not want any more', async () => {
    await withSuspended(async ({ start, pool, claimAgain, ends }) => {
      const holder = await start({});
      await pool.becomes(({ leases }) => leases[0]?.runId === holder.workflowId);

      expect(await claimAgain()).toMatchObject({ kind: 'queued' });
      await pool.becomes(({ queued }) => queued === 0);

      ends(holder.workflowId);
      await holder.result();
    });
  });

  it('waits on where its run makes it still, as one does that was reset, which is asked only once', async () => {
    const { changes, ends } = heldContainers();
    await withPool(fakeHost(changes), async (start, pool) => {
      const holder = await start({});
      await pool.becomes(({ leases }) => leases.length === 1);
      const run = await start({});
      await pool.becomes(({ queued }) => queued === 1);
      const { pool: name, ...claim } = await lateClaim(run);
      await pool.link.release(name, claim);
      await pool.becomes(({ queued }) => queued === 0);

      expect(await pool.link.claim(name, claim)).toMatchObject({ kind: 'queued' });
      for (const each of [holder, run]) ends(each.workflowId);
      await Promise.all([holder.result(), run.result()]);
      const { events = [] } = await run.fetchHistory();
      const told = events!.filter(
        ({ workflowExecutionSignaledEventAttributes }) =>
          workflowExecutionSignaledEventAttributes?.signalName === leaseGrantedSignal.name,
      );
      expect(told.length).toBeLessThanOrEqual(2);
    });
  });

  it('does not wait for a place where the workflow of its run has ended', async () => {
    const { changes, ends } = heldContainers();
    await withPool(fakeHost(changes), async (start, pool) => {
      const run = await start({});
      await pool.becomes(({ leases }) => leases.length === 1);
      const { pool: name, ...late } = await lateClaim(run);
      ends(run.workflowId);
      await run.result();
      const holder = await start({});
      await pool.becomes(({ leases }) => leases[0]?.runId === holder.workflowId);

      for (const each of [late, { ...late, runId: 'nobody', claim: 7 }]) {
        expect(await pool.link.claim(name, each)).toMatchObject({ kind: 'queued' });
      }
      await pool.becomes(({ queued }) => queued === 0);
      ends(holder.workflowId);
      await holder.result();
    });
  });

  it('is free again where the workflow of its run has ended', async () => {
    const { changes, ends } = heldContainers();
    await withPool(fakeHost(changes), async (start, pool) => {
      const run = await start({});
      await pool.becomes(({ leases }) => leases.length === 1);
      const { pool: name, ...late } = await lateClaim(run);
      ends(run.workflowId);
      await run.result();
      await pool.becomes(({ leases }) => leases.length === 0);

      await pool.link.claim(name, late);
      const unknown = { ...late, runId: 'nobody', claim: 7 };
      await pool.link.claim(name, unknown);
      await pool.becomes(({ leases, queued }) => leases.length === 0 && queued === 0);
    });
  });
});

it('the lease of a run that was terminated is given to the next', async () => {
  const { changes, ends } = heldContainers();
  await withPool(fakeHost(changes), async (start, pool) => {
    const first = await start({});
    await pool.becomes(({ leases }) => leases.length === 1);
    const second = await start({});
    await pool.becomes(({ queued }) => queued === 1);
    await first.terminate('by hand');
    ends(second.workflowId);
    await second.result();
    ends(first.workflowId);
  });
});

it('a pool that was terminated learns who holds what before it grants anything', async () => {
  const { changes, ends } = heldContainers();
  await withPool(fakeHost(changes), async (start, pool) => {
    const holder = await start({});
    await pool.becomes(({ leases }) => leases.length === 1);
    const waiter = await start({});
    const before = await pool.becomes(({ queued }) => queued === 1);

    await pool.end();
    const newcomer = await start({});
    const after = await pool.becomes(({ queued, leases }) => queued === 2 && leases.length === 1);
    expect(after.leases).toEqual(before.leases);
    expect(after.queue.map(({ runId }) => runId)).toEqual([waiter.workflowId, newcomer.workflowId]);

    for (const run of [holder, waiter, newcomer]) ends(run.workflowId);
    await Promise.all([holder.result(), waiter.result(), newcomer.result()]);
  });
});
