import { ApplicationFailure, WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';

import type { NotifyActivities } from '../../contract/activities';
import { notifyWorkflowIdFor } from '../../contract/names';
import type { SendNotificationInput } from '../../contract/notification';
import type { Trigger } from '../../contract/spec-notify';
import { cancelSignal, noteSignal, resumeSignal, suspendSignal } from '../../workflows/messages';
import { deferred } from '../helpers/deferred';
import { fakeHost, GOOD_OUTCOME, placedAtOnce } from '../helpers/fake-host';
import { containerThatMustBeStopped } from '../helpers/must-be-stopped';
import { until } from '../helpers/until';
import { workflowSuite } from '../helpers/workflow-suite';

const suite = workflowSuite({ keepWorkers: true });

const URL = 'https://hooks.example/runs?token=1';
const asking = (...on: Trigger[]) => ({ url: URL, on });

/** A sender that takes everything, and what it was given. */
function taking(): { sent: SendNotificationInput[]; sendNotification: NotifyActivities['sendNotification'] } {
  const sent: SendNotificationInput[] = [];
  return {
    sent,
    sendNotification: async (input) => {
      sent.push(input);
      return { status: 200 };
    },
  };
}

const told = (sent: SendNotificationInput[]) => sent.map(({ notification }) => notification.triggers);
const delivery = (run: WorkflowHandle, n: number) => run.client.getHandle(notifyWorkflowIdFor(run.workflowId, n));

/** Result of a delivery that may not have begun yet. */
async function delivered(run: WorkflowHandle, n: number): Promise<unknown> {
  await until(() => delivery(run, n).describe());
  return delivery(run, n).result();
}

async function typesInHistory(run: WorkflowHandle): Promise<(string | undefined)[]> {
  const { events } = await run.fetchHistory();
  return (events ?? []).map((event) => Object.keys(event).find((key) => key.endsWith('EventAttributes')));
}

describe('a run with targets', () => {
  it.concurrent('tells each what it asked for, each in a workflow of its own', async () => {
    const { sent, sendNotification } = taking();
    const { activities } = fakeHost({ sendNotification });
    const labels = { team: 'vision' };
    const notify = [
      { ...asking('running', 'succeeded'), secret: 'KEY' },
      { urlSecret: 'SLACK', on: ['succeeded' as const], form: 'slack' as const },
      asking('failed'),
    ];
    const ids = await suite.withWorkers(placedAtOnce(activities), async (start) => {
      const run = await start({ name: 'seen', labels, notify });
      await run.result();
      await Promise.all([1, 2, 3].map((n) => delivered(run, n)));
      const { staticSummary } = await delivery(run, 3).describe();
      expect(await staticSummary()).toBe('Tells the address in the secret SLACK that seen is succeeded');
      await expect(delivery(run, 4).describe()).rejects.toThrow('not found');
      return [run.workflowId];
    });

    const first = sent.find(({ notification }) => notification.type === 'running')!;
    expect(first.target).toEqual({ url: URL, secret: 'KEY' });
    expect(first.notification).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      type: 'running',
      triggers: ['running'],
      at: expect.stringMatching(/^\d{4}-.*Z$/),
      run: {
        id: ids[0],
        name: 'seen',
        state: 'running',
        reason: null,
        message: null,
        attempt: 1,
        host: 'fake',
        exitCode: null,
        labels,
        recipe: null,
      },
      ended: null,
      rule: null,
    });
    const last = sent.filter(({ notification }) => notification.type === 'succeeded');
    expect(last.map(({ target }) => target)).toEqual(
      expect.arrayContaining([
        { url: URL, secret: 'KEY' },
        { urlSecret: 'SLACK', form: 'slack' },
      ]),
    );
    expect(last[0]!.notification).toMatchObject({ run: { state: 'succeeded', reason: 'completed', exitCode: 0 } });
    expect(new Set(sent.map(({ notification }) => notification.id)).size).toBe(3);
  });

  it.concurrent('tells end reasons of attempts and rules that matched, with the state that follows', async () => {
    const { sent, sendNotification } = taking();
    const { activities } = fakeHost({
      sendNotification,
      followContainer: async ({ attempt }) =>
        attempt === 1 ? { ...GOOD_OUTCOME, exitCode: 137, oomKilled: true } : { ...GOOD_OUTCOME, exitCode: 2 },
    });
    const rules = [
      { when: { exitCode: [137] }, then: 'retry' as const },
      { when: { exitCode: [2] }, then: 'fail' as const },
    ];
    const notify = [asking('out-of-memory', 'retrying', 'rule', 'failed')];
    await suite.withWorkers(activities, async (start) => {
      const run = await start({ notify, policy: { retries: { attempts: 3, rules } } });
      await run.result().catch(() => undefined);
      await Promise.all([1, 2].map((n) => delivered(run, n)));
    });

    const byAttempt = sent.toSorted((one, other) => one.notification.run.attempt - other.notification.run.attempt);
    expect(told(byAttempt)).toEqual([
      ['retrying', 'out-of-memory', 'rule'],
      ['failed', 'rule'],
    ]);
    const [retried, failed] = byAttempt.map(({ notification }) => notification);
    expect(retried).toMatchObject({
      run: { state: 'retrying', attempt: 1 },
      ended: {
        attempt: 1,
        reason: 'out-of-memory',
        exitCode: 137,
        hint: expect.stringContaining('`resources.memory`') as string,
      },
      rule: expect.stringContaining('policy.retries.rules[0]') as string,
    });
    expect(failed).toMatchObject({
      run: { state: 'failed', reason: 'exit-code', exitCode: 2 },
      ended: { attempt: 2, reason: 'exit-code' },
      rule: expect.stringContaining('policy.retries.rules[1]') as string,
    });
  });

  it.concurrent('tells of a suspension, and of a cancel, when the container is gone', async () => {
    const { sent, sendNotification } = taking();
    const stops = [deferred(), deferred()];
    const { activities, calls, records } = fakeHost({
      sendNotification: async (input) => {
        calls.push(`told ${input.notification.type}`);
        return sendNotification(input);
      },
      followContainer: async ({ attempt }) => {
        await stops[attempt - 1]!.promise;
        return { ...GOOD_OUTCOME, exitCode: 143 };
      },
      stopContainer: async ({ attempt }) => {
        stops[attempt - 1]!.resolve();
        return { how: 'terminated' };
      },
    });
    await suite.withWorkers(activities, async (start) => {
      const run = await start({ notify: [asking('suspended', 'cancelled')] });
      await records.reached('running');
      await run.signal(suspendSignal, { by: 'ada' });
      await delivered(run, 1);
      await run.signal(resumeSignal);
      await until(() => records.states().filter((state) => state === 'running').length === 2);
      await run.signal(cancelSignal, { by: 'ada' });
      await run.result().catch(() => undefined);
      await delivered(run, 2);
    });

    expect(told(sent)).toEqual([['suspended'], ['cancelled']]);
    const told1 = calls.indexOf('told suspended');
    expect(calls.slice(0, told1).filter((name) => name === 'cleanUp')).toHaveLength(1);
  });
});

describe('a delivery', () => {
  it.concurrent('outlives its run, which does not wait for it', async () => {
    const up = deferred();
    let tries = 0;
    const ids = new Set<string>();
    const { activities } = fakeHost({
      sendNotification: async ({ notification }) => {
        tries += 1;
        ids.add(notification.id);
        if (tries === 1) throw ApplicationFailure.create({ type: 'notification-failed', message: 'answered 500' });
        await up.promise;
        return { status: 204 };
      },
    });
    await suite.withWorkers(activities, async (start) => {
      const run = await start({ notify: [asking('running')] });
      await run.result();
      expect((await run.describe()).status.name).toBe('COMPLETED');
      expect((await delivery(run, 1).describe()).status.name).toBe('RUNNING');
      up.resolve();
      expect(await delivered(run, 1)).toEqual({ status: 204 });
    });
    expect([tries, ids.size]).toEqual([2, 1]);
  });

  it.concurrent('is not given up with its run', async () => {
    const up = deferred();
    const { activities, records } = fakeHost({
      ...containerThatMustBeStopped(),
      sendNotification: async () => {
        await up.promise;
        return { status: 200 };
      },
    });
    await suite.withWorkers(activities, async (start) => {
      const run = await start({ notify: [asking('running')] });
      await records.reached('running');
      await run.cancel();
      await run.result().catch(() => undefined);
      expect((await run.describe()).status.name).toBe('CANCELLED');
      up.resolve();
      expect(await delivered(run, 1)).toEqual({ status: 200 });
    });
  });

  it.concurrent('that is refused fails with the cause, and a run that lives is told', async () => {
    const ended = deferred();
    const { activities, records } = fakeHost({
      followContainer: () => ended.promise.then(() => GOOD_OUTCOME),
      sendNotification: async () => {
        throw ApplicationFailure.nonRetryable('the receiver answered 404', 'notification-refused');
      },
    });
    const failures = await suite.withWorkers(activities, async (start) => {
      const run = await start({ notify: [asking('running', 'succeeded')] });
      const words = (word: string): string =>
        `https://hooks.example was not told of ${word} of the run ${run.workflowId}: the receiver answered 404`;
      await records.said(words('running'));
      ended.resolve();
      await run.result();
      return Promise.all([1, 2].map((n) => failureOf(delivery(run, n)).then((failure) => [failure, words])));
    });
    const [[first, words], [second]] = failures as [[unknown, (word: string) => string], [unknown]];
    expect(first).toMatchObject({ type: 'notification-failed', message: words('running') });
    expect(second).toMatchObject({ type: 'notification-failed', message: words('succeeded') });
    expect(records.latest()).toMatchObject({ state: 'succeeded' });
    expect(records.notes()).toHaveLength(1);
  });
});

it.concurrent('a run of the same id before it does not keep a run from its life', async () => {
  const blocked = deferred();
  const { activities, records } = fakeHost({
    sendNotification: async () => {
      await blocked.promise;
      return { status: 200 };
    },
  });
  await suite.withWorkers(activities, async (start) => {
    const run = await start({ notify: [asking('running')] });
    await run.result();
    const again = await run.client.start('runWorkflow', {
      taskQueue: 'trainyard',
      workflowId: run.workflowId,
      args: [{ image: 'trainyard/test:1', notify: [asking('running')] }],
    });
    await again.result();
    blocked.resolve();
    await delivered(run, 1);
  });
  expect(records.latest().state).toBe('succeeded');
  expect(records.notes()).toEqual([
    expect.objectContaining({ message: expect.stringMatching(/^Notification 1 is not sent: /) as string }),
  ]);
});

it.concurrent('a run without targets starts nothing', async () => {
  const { activities } = fakeHost();
  await suite.withWorkers(activities, async (start) => {
    const run = await start({});
    await run.result();
    expect(await typesInHistory(run)).not.toContain('startChildWorkflowExecutionInitiatedEventAttributes');
    const other = await start({ notify: [asking('running')] });
    await other.result();
    expect(await typesInHistory(other)).toContain('startChildWorkflowExecutionInitiatedEventAttributes');
  });
});

it.concurrent('a note that says nothing changes nothing', async () => {
  const ended = deferred();
  const { activities, records } = fakeHost({ followContainer: () => ended.promise.then(() => GOOD_OUTCOME) });
  await suite.withWorkers(activities, async (start) => {
    const run = await start({});
    await records.reached('running');
    await run.signal('note');
    await run.signal(noteSignal, { message: 'Said by hand.' });
    await records.said('Said by hand.');
    ended.resolve();
    await run.result();
  });
  expect(records.notes()).toHaveLength(1);
});

async function failureOf(run: WorkflowHandle): Promise<unknown> {
  const error = await run.result().catch((thrown: unknown) => thrown);
  if (!(error instanceof WorkflowFailedError)) throw new Error('the delivery did not fail');
  return error.cause;
}
