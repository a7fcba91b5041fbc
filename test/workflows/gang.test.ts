import { Context } from '@temporalio/activity';
import type { WorkflowHandle } from '@temporalio/client';

import type { FollowContainerInput, StartContainerInput } from '../../contract/activities';
import { nodeRunId } from '../../contract/gang';
import type { Lease } from '../../contract/pool';
import type { Run } from '../../contract/run';
import { cancelSignal, preemptSignal, statusQuery, suspendSignal } from '../../workflows/messages';
import { deferred } from '../helpers/deferred';
import { fakeHost, GOOD_OUTCOME, leaseOf, type Activities } from '../helpers/fake-host';
import { until } from '../helpers/until';
import { workflowSuite } from '../helpers/workflow-suite';

const suite = workflowSuite({ keepWorkers: true });

/** A host that runs gangs of three; each container goes on until it is told how it ends, or is stopped. */
function gangHost(changes: Partial<Activities> = {}) {
  const starts: StartContainerInput[] = [];
  const stops = new Set<string>();
  const ends = new Map<string, ReturnType<typeof deferred<number>>>();
  const endOf = (runId: string, attempt = 1) => {
    const key = `${runId} ${attempt}`;
    const end = ends.get(key) ?? deferred<number>();
    ends.set(key, end);
    return end;
  };
  const host = fakeHost({
    claimLease: async (claim) => ({ kind: 'granted', lease: leaseOfThree(leaseOf(claim)) }),
    startContainer: async (input) => {
      starts.push(input);
      const { runId, attempt } = input;
      return {
        containerId: `c-${runId}`,
        containerName: `t-${runId}-${attempt}`,
        startedAt: '2026-01-01T00:00:00.000Z',
      };
    },
    followContainer: async ({ runId, attempt }: FollowContainerInput) => {
      const beat = setInterval(() => Context.current().heartbeat(), 100);
      const exitCode = await Promise.race([endOf(runId, attempt).promise, Context.current().cancelled]).finally(() =>
        clearInterval(beat),
      );
      return { ...GOOD_OUTCOME, exitCode };
    },
    stopContainer: async ({ runId, attempt }) => {
      stops.add(runId);
      endOf(runId, attempt).resolve(143);
      return { how: 'terminated' };
    },
    ...changes,
  });
  const allStarted = async (count = 3): Promise<void> => {
    await until(() => starts.length === count);
  };
  return { ...host, starts, stops, endOf, allStarted };
}

function leaseOfThree(lease: Lease): Lease {
  return { ...lease, nodes: [lease.nodes[0]!, lease.nodes[0]!, lease.nodes[0]!] };
}

const nodeOf = (run: WorkflowHandle, rank: number, epoch = 1): string => nodeRunId(run.workflowId, epoch, rank);

/** The newest report of a run among those of a gang and its nodes. */
const runOf = ({ records }: ReturnType<typeof gangHost>, id: string): Run =>
  records.updates.filter(({ run }) => run.id === id).at(-1)!.run;

describe('a gang', () => {
  it.concurrent('has its nodes start with their ranks, on one network, and succeeds when all have', async () => {
    const host = gangHost();
    await suite.withWorkers(host.activities, async (start) => {
      const run = await start({});
      await host.allStarted();
      for (const rank of [1, 2]) host.endOf(nodeOf(run, rank)).resolve(0);
      host.endOf(run.workflowId).resolve(0);

      expect(await run.result()).toMatchObject({ reason: 'completed', attempts: 1 });
      const places = Object.fromEntries(host.starts.map(({ runId, gang }) => [runId, gang]));
      const common = { of: run.workflowId, attempt: 1, worldSize: 3, masterAddress: 'node-0', masterPort: 29_500 };
      expect(places).toEqual({
        [run.workflowId]: expect.objectContaining({ ...common, rank: 0 }) as object,
        [nodeOf(run, 1)]: expect.objectContaining({ ...common, rank: 1 }) as object,
        [nodeOf(run, 2)]: expect.objectContaining({ ...common, rank: 2 }) as object,
      });
      expect(new Set(host.starts.map(({ gang }) => JSON.stringify(gang?.network))).size).toBe(1);
      const { attempts } = await run.query(statusQuery);
      expect(attempts[0]?.nodes).toEqual([
        { rank: 1, runId: nodeOf(run, 1), host: 'fake' },
        { rank: 2, runId: nodeOf(run, 2), host: 'fake' },
      ]);
      expect(runOf(host, nodeOf(run, 2))).toMatchObject({ state: 'succeeded', gangOf: run.workflowId, rank: 2 });
    });
    expect(host.stops.size).toBe(0);
  });

  it.concurrent('ends and is tried again as a whole when one node fails, and says which', async () => {
    const host = gangHost();
    await suite.withWorkers(host.activities, async (start) => {
      const run = await start({ policy: { retries: { attempts: 2, delay: '10ms' } } });
      await host.allStarted();
      const first = nodeOf(run, 2);
      host.endOf(first).resolve(7);
      await until(() => host.stops.has(run.workflowId) && host.stops.has(nodeOf(run, 1)));
      expect(host.stops.has(first)).toBe(false);

      await host.allStarted(6);
      const { attempts } = await run.query(statusQuery);
      expect(attempts[0]).toMatchObject({ reason: 'exit-code', exitCode: 7 });
      expect(attempts[0]?.message).toBe(
        `The command ended with exit code 7.  This was node 2 of the gang, run ${first} on host fake.`.replace(
          '  ',
          ' ',
        ),
      );
      expect(runOf(host, nodeOf(run, 1))).toMatchObject({
        state: 'cancelled',
        message: expect.stringContaining('its gang') as string,
      });
      for (const rank of [1, 2]) host.endOf(nodeOf(run, rank, 2)).resolve(0);
      await until(() => host.starts.filter(({ runId }) => runId === run.workflowId).length === 2);
      await run.signal(cancelSignal, { by: 'the test' });
      await run.result().catch(() => undefined);
    });
  });

  it.concurrent('ends with its first node, which takes the others along', async () => {
    const host = gangHost();
    await suite.withWorkers(host.activities, async (start) => {
      const run = await start({});
      await host.allStarted();
      host.endOf(run.workflowId).resolve(3);

      await expect(run.result()).rejects.toThrow();
      expect(runOf(host, run.workflowId)).toMatchObject({ reason: 'exit-code', exitCode: 3 });
      expect([...host.stops].toSorted()).toEqual([nodeOf(run, 1), nodeOf(run, 2)]);
    });
  });

  it.concurrent.each([
    ['is cancelled', async (run: WorkflowHandle) => run.signal(cancelSignal, { by: 'ada' }), 'cancelled'],
    ['is suspended', async (run: WorkflowHandle) => run.signal(suspendSignal, { by: 'ada' }), 'suspended'],
  ])('%s with all of its containers gone', async (_, ask, state) => {
    const host = gangHost();
    await suite.withWorkers(host.activities, async (start) => {
      const run = await start({});
      await host.allStarted();
      await ask(run);
      await until(async () => (await run.query(statusQuery)).run.state === state);

      expect(host.stops.size).toBe(3);
      expect(host.calls.filter((name) => name === 'cleanUp')).toHaveLength(3);
      await run.signal(cancelSignal, { by: 'the test' }).catch(() => undefined);
      await run.result().catch(() => undefined);
    });
  });

  it.concurrent('gives its lease back once, when no node is left', async () => {
    const mayClean = deferred();
    const host = gangHost();
    const { cleanUp } = host.activities;
    host.activities.cleanUp = async (input) => {
      if (input.runId.endsWith('.n2')) await mayClean.promise;
      return cleanUp(input);
    };
    await suite.withWorkers(host.activities, async (start) => {
      const run = await start({});
      await host.allStarted();
      await run.signal(preemptSignal, { runId: run.workflowId, claim: 1, because: 'A bigger one comes.' });
      await until(() => host.calls.filter((name) => name === 'cleanUp').length === 2);
      expect(host.records.words.filter(({ kind }) => kind === 'release')).toEqual([]);

      mayClean.resolve();
      await until(() => host.records.words.some(({ kind, runId }) => kind === 'release' && runId === run.workflowId));
      await host.allStarted(6);
      expect(host.records.words.filter(({ kind }) => kind === 'release')).toHaveLength(1);
      await run.signal(cancelSignal, { by: 'the test' });
      await run.result().catch(() => undefined);
    });
  });

  it.concurrent('whose node is cancelled by a person is cancelled', async () => {
    const host = gangHost();
    await suite.withWorkers(host.activities, async (start) => {
      const run = await start({});
      await host.allStarted();
      await run.client.getHandle(nodeOf(run, 1)).signal(cancelSignal, { by: 'ada' });
      await run.result().catch(() => undefined);

      expect(host.stops.size).toBe(3);
      expect(runOf(host, run.workflowId)).toMatchObject({ state: 'cancelled', reason: 'cancelled' });
    });
  });

  it.concurrent('leaves the logs and hosts of its nodes to runs that cannot be suspended by themselves', async () => {
    const host = gangHost();
    await suite.withWorkers(host.activities, async (start) => {
      const run = await start({});
      await host.allStarted();
      const node = run.client.getHandle(nodeOf(run, 1));
      await node.signal(suspendSignal, { by: 'ada' });
      await host.records.said(
        `A node cannot be suspended by itself, as ada asked; suspend its gang, ${run.workflowId}.`,
      );
      expect(host.stops.size).toBe(0);
      await run.signal(cancelSignal, { by: 'the test' });
      await run.result().catch(() => undefined);
    });
  });
});
