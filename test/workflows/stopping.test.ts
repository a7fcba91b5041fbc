import { ApplicationFailure, CancelledFailure, WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { Context } from '@temporalio/activity';

import type { PolicyInput } from '../../contract/spec-policy';
import { cancelSignal } from '../../workflows/messages';
import { deferred } from '../helpers/deferred';
import { fakeHost, GOOD_OUTCOME } from '../helpers/fake-host';
import { containerThatMustBeStopped } from '../helpers/must-be-stopped';
import { until } from '../helpers/until';
import { workflowSuite } from '../helpers/workflow-suite';

const suite = workflowSuite({ keepWorkers: true });

describe('a run that is cancelled', () => {
  it.concurrent.each([
    ['by the signal', async (run: WorkflowHandle) => run.signal(cancelSignal, { by: 'ada' }), 'ada'],
    ["by Temporal's own request", async (run: WorkflowHandle) => run.cancel(), 'a cancel request in Temporal'],
  ])('%s has its container stopped and removed before it is said to be cancelled', async (_, cancel, by) => {
    const { activities, calls, records } = fakeHost(containerThatMustBeStopped());
    await suite.withWorkers(activities, async (start) => {
      const run = await start({});
      await records.reached('running');
      await cancel(run);
      await expectCancelled(run);
    });
    expect(calls).toContain('stopContainer');
    expect(calls.at(-1)).toBe('cleanUp');
    expect(records.states().slice(-2)).toEqual(['stopping', 'cancelled']);
    expect(records.latest()).toMatchObject({
      reason: 'cancelled',
      message: `The run was cancelled by ${by}.`,
      exitCode: 143,
    });
  });

  it.concurrent('is Canceled in Temporal too when the signal was used', async () => {
    const { activities, records } = fakeHost(containerThatMustBeStopped());
    await suite.withWorkers(activities, async (start) => {
      const run = await start({});
      await records.reached('running');
      await run.signal(cancelSignal);
      await expectCancelled(run);
      expect((await run.describe()).status.name).toBe('CANCELLED');
    });
  });

  it.concurrent('during the pull does not wait for the registry and starts nothing', async () => {
    const { activities, calls, records } = fakeHost({
      pullImage: async () => {
        const beat = setInterval(() => Context.current().heartbeat(), 100);
        return Context.current().cancelled.finally(() => clearInterval(beat));
      },
    });
    await suite.withWorkers(activities, async (start) => {
      const run = await start({});
      await until(() => calls.includes('pullImage'));
      await run.signal(cancelSignal);
      await expectCancelled(run);
    });
    expect(calls).not.toContain('startContainer');
    expect(records.latest().state).toBe('cancelled');
  });

  it.concurrent('during the start stops the container that the start gave', async () => {
    const startMayEnd = deferred();
    const { activities, calls, records } = fakeHost(containerThatMustBeStopped());
    const startContainer = activities.startContainer;
    activities.startContainer = async (input) => {
      await startMayEnd.promise;
      return startContainer(input);
    };
    await suite.withWorkers(activities, async (start) => {
      const run = await start({});
      await records.reached('starting');
      await run.signal(cancelSignal);
      startMayEnd.resolve();
      await expectCancelled(run);
    });
    expect(calls).toContain('stopContainer');
    expect(calls.at(-1)).toBe('cleanUp');
  });

  it.concurrent('between two attempts makes no further one', async () => {
    const { activities, calls, records } = fakeHost({
      followContainer: async () => ({ ...GOOD_OUTCOME, exitCode: 1 }),
    });
    await suite.withWorkers(activities, async (start) => {
      const run = await start({ policy: { retries: { attempts: 3, delay: '1h', maxDelay: '1h' } } });
      await records.reached('retrying');
      await run.signal(cancelSignal);
      await expectCancelled(run);
    });
    expect(calls.filter((name) => name === 'startContainer')).toHaveLength(1);
  });

  it.concurrent('while it waits for a host ends at once', async () => {
    const { activities, records } = fakeHost({
      assignHost: async () => {
        throw ApplicationFailure.retryable('none', 'no-host');
      },
    });
    await suite.withWorkers(activities, async (start) => {
      const run = await start({});
      await records.reached('queued');
      await run.signal(cancelSignal);
      await expectCancelled(run);
    });
    expect(records.latest()).toMatchObject({ state: 'cancelled', attempt: 1 });
  });

  it.concurrent('too late, when its container had ended by itself, keeps its own end', async () => {
    const { activities, records } = fakeHost(containerThatMustBeStopped({ exitCode: 0 }));
    activities.stopContainer = wrap(activities.stopContainer, () => ({ how: 'already-ended' as const }));
    await suite.withWorkers(activities, async (start) => {
      const run = await start({});
      await records.reached('running');
      await run.signal(cancelSignal);
      await run.result();
    });
    expect(records.latest()).toMatchObject({ state: 'succeeded', reason: 'completed' });
  });
});

describe('a run that takes too long', () => {
  it.concurrent.each<[string, PolicyInput]>([
    ['running-timeout', { timeouts: { running: '300ms' } }],
    // Longer than a busy machine takes to the container, which is to be stopped.
    ['total-timeout', { timeouts: { total: '8s' } }],
  ])('is stopped with %s and not tried again', async (reason, policy) => {
    const { activities, calls, records } = fakeHost(containerThatMustBeStopped());
    await suite.withWorkers(activities, async (start) => {
      const run = await start({ policy: { ...policy, retries: { attempts: 3 } } });
      await expect(run.result()).rejects.toMatchObject({ cause: { type: reason } });
    });
    expect(calls.filter((name) => name === 'startContainer')).toHaveLength(1);
    expect(calls).toContain('stopContainer');
    expect(calls.at(-1)).toBe('cleanUp');
    expect(records.latest()).toMatchObject({ state: 'failed', reason });
  });

  it.concurrent('in the pull ends with pull-timeout, which is a cause of the infrastructure', async () => {
    const { activities, records } = fakeHost({
      pullImage: async () => {
        const beat = setInterval(() => Context.current().heartbeat(), 100);
        return Context.current().cancelled.finally(() => clearInterval(beat));
      },
    });
    await suite.withWorkers(activities, async (start) => {
      const run = await start({ policy: { timeouts: { pull: '300ms' }, retries: { infrastructure: 0 } } });
      await expect(run.result()).rejects.toMatchObject({ cause: { type: 'pull-timeout' } });
    });
    expect(records.latest().message).toContain('300ms');
  });
});

function wrap<I, O, R>(activity: (input: I) => Promise<O>, change: (output: O) => R): (input: I) => Promise<R> {
  return async (input) => change(await activity(input));
}

async function expectCancelled(run: WorkflowHandle): Promise<void> {
  const error: unknown = await run.result().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(WorkflowFailedError);
  expect((error as WorkflowFailedError).cause).toBeInstanceOf(CancelledFailure);
}
