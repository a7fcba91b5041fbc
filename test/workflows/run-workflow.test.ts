import { ApplicationFailure, WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';

import { leaseGrantedSignal, statusQuery } from '../../workflows/messages';
import { deferred } from '../helpers/deferred';
import { fakeHost, GOOD_OUTCOME, leaseOf, placedAtOnce } from '../helpers/fake-host';
import { until } from '../helpers/until';
import { workflowSuite } from '../helpers/workflow-suite';

const suite = workflowSuite({ keepWorkers: true });

describe('a run that goes well', () => {
  it.concurrent('goes through its states in order, is cleaned up, and returns its result', async () => {
    const { activities, calls, records } = fakeHost();
    await suite.withWorkers(activities, async (start) => {
      const run = await start({ name: 'my model' });
      const result = await run.result();
      expect(result).toEqual({
        runId: run.workflowId,
        reason: 'completed',
        message: 'The command ended with exit code 0.',
        attempts: 1,
      });
    });
    expect(calls).toEqual(['admitRun', 'assignHost', 'pullImage', 'startContainer', 'followContainer', 'cleanUp']);
    expect(records.states()).toEqual(['queued', 'pulling', 'starting', 'running', 'succeeded']);
    expect(records.latest()).toMatchObject({
      state: 'succeeded',
      reason: 'completed',
      exitCode: 0,
      host: 'fake',
      imageDigest: 'sha256:2',
    });
    expect(records.events.map(({ seq }) => seq)).toEqual(records.events.map((_, index) => index + 1));
  });

  it.concurrent('answers the status query, while it runs and after', async () => {
    const ended = deferred();
    const { activities, records } = fakeHost({
      followContainer: async () => {
        await ended.promise;
        return GOOD_OUTCOME;
      },
    });
    await suite.withWorkers(activities, async (start) => {
      const run = await start({});
      await records.reached('running');
      expect(await run.query(statusQuery)).toMatchObject({ run: { state: 'running', attempt: 1, host: 'fake' } });
      ended.resolve();
      await run.result();
      expect(await run.query(statusQuery)).toMatchObject({
        run: { state: 'succeeded' },
        attempts: [{ number: 1, reason: 'completed', logLines: 3, logGaps: 0 }],
      });
    });
  });

  it.concurrent('names the schedule that started it', async () => {
    const { activities, records } = fakeHost();
    await suite.withWorkers(activities, async (start) => (await start({}, { schedule: 'nightly' })).result());
    expect(records.latest().schedule).toBe('nightly');
  });

  it.concurrent('says which run it repeats, who asked for it, and what that was made from', async () => {
    const { activities, records } = fakeHost();
    const memo = { rerunOf: 'digits-1', recipe: 'digits', by: 'ada' };
    await suite.withWorkers(activities, async (start) => {
      const run = await start({}, memo);
      await run.result();
      expect((await run.describe()).searchAttributes).toMatchObject({ RunRecipe: ['digits'] });
    });
    expect(records.latest()).toMatchObject({ rerunOf: 'digits-1', recipe: 'digits' });
    expect(records.events[0]?.message).toBe('The run was submitted as a rerun of digits-1 by ada.');
  });

  it.concurrent('keeps what its container runs on', async () => {
    const machine = {
      imageId: 'sha256:1',
      engineVersion: '26.1.5',
      kernel: '6.1.0',
      architecture: 'x86_64',
      gpuDriver: null,
    };
    const started = { containerId: 'c1', containerName: 'c', startedAt: '2026-01-01T00:00:00.000Z', machine };
    const { activities, records } = fakeHost({ startContainer: async () => started });
    await suite.withWorkers(activities, async (start) => (await start({})).result());
    expect(records.attempts()).toMatchObject([{ machine }]);
  });

  it.concurrent('shows its state in the search attributes and its story in the details of the workflow', async () => {
    const { activities } = fakeHost();
    await suite.withWorkers(activities, async (start) => {
      const run = await start({ name: 'seen' });
      await run.result();
      const { searchAttributes } = await run.describe();
      expect(searchAttributes).toMatchObject({
        RunState: ['succeeded'],
        RunReason: ['completed'],
        RunHost: ['fake'],
        RunName: ['seen'],
      });
      const details = await run.client
        .getHandle(run.workflowId)
        .query<{ currentDetails: string }>('__temporal_workflow_metadata');
      expect(details.currentDetails).toContain('**seen** is **succeeded**');
    });
  });
});

describe('a run whose command fails', () => {
  it.concurrent('fails with the reason as type of the failure', async () => {
    const { activities, calls, records } = fakeHost({
      followContainer: async () => ({ ...GOOD_OUTCOME, exitCode: 3 }),
    });
    const failure = await suite.withWorkers(activities, async (start) => failureOf(await start({})));
    expect(failure).toMatchObject({ type: 'exit-code', message: 'The command ended with exit code 3.' });
    expect(records.latest()).toMatchObject({ state: 'failed', reason: 'exit-code', exitCode: 3 });
    expect(calls.at(-1)).toBe('cleanUp');
  });

  it.concurrent('is tried again until it succeeds, each attempt cleaned up before the next', async () => {
    const exitCodes = [1, 1, 0];
    const { activities, calls, records } = fakeHost({
      followContainer: async ({ attempt }) => ({ ...GOOD_OUTCOME, exitCode: exitCodes[attempt - 1]! }),
    });
    const submission = { policy: { retries: { attempts: 3, delay: '10ms' } } };
    await suite.withWorkers(activities, async (start) => (await start(submission)).result());
    expect(calls.filter((name) => name === 'startContainer' || name === 'cleanUp')).toEqual(
      Array.from({ length: 3 }, () => ['startContainer', 'cleanUp']).flat(),
    );
    expect(records.latest()).toMatchObject({ state: 'succeeded', attempt: 3 });
    expect(records.states().filter((state) => state === 'retrying')).toHaveLength(2);
  });

  it.concurrent('is not tried again where a rule says fail, though attempts are left', async () => {
    const { activities, records } = fakeHost({ followContainer: async () => ({ ...GOOD_OUTCOME, exitCode: 2 }) });
    const rules = [{ when: { exitCode: [2] }, then: 'fail' as const }];
    await suite.withWorkers(activities, async (start) =>
      failureOf(await start({ policy: { retries: { attempts: 3, rules } } })),
    );
    expect(records.latest()).toMatchObject({ state: 'failed', attempt: 1, exitCode: 2 });
  });

  it.concurrent('takes causes of the infrastructure from their own budget', async () => {
    const { activities, records } = fakeHost({
      pullImage: async ({ attempt }) => {
        if (attempt < 3) throw ApplicationFailure.nonRetryable('registry is away', 'registry-unavailable');
        return { imageId: 'sha256:1', digest: null, pulled: true, durationMs: 1 };
      },
    });
    const submission = { policy: { retries: { attempts: 1, delay: '10ms' } } };
    await suite.withWorkers(activities, async (start) => (await start(submission)).result());
    expect(records.latest()).toMatchObject({ state: 'succeeded', attempt: 3 });
  });

  it.concurrent('is refused before anything happens where its spec is invalid', async () => {
    const { activities, calls, records } = fakeHost({
      admitRun: async () => {
        throw ApplicationFailure.nonRetryable('comand: unknown field', 'invalid-spec');
      },
    });
    const failure = await suite.withWorkers(activities, async (start) => failureOf(await start({})));
    expect(failure).toMatchObject({ type: 'invalid-spec' });
    expect(calls).toEqual(['admitRun']);
    expect(records.latest()).toMatchObject({ state: 'failed', message: expect.stringContaining('comand') as string });
  });
});

test.concurrent(
  'a run whose admission finds a host at once asks for none, and tells of both in one report',
  async () => {
    const { activities, calls, records } = fakeHost();
    await suite.withWorkers(placedAtOnce(activities), async (start) => (await start({})).result());

    expect(calls).not.toContain('assignHost');
    expect(records.updates[0]).toMatchObject({ revision: 1, run: { state: 'pulling', host: 'fake' } });
    expect(records.updates[0]!.events.map(({ state }) => state)).toEqual(['queued', 'queued', 'pulling']);
    expect(records.updates.at(-1)!.events.map(({ type }) => type)).toEqual(['attempt-ended', 'state-changed']);
  },
);

describe('a run that has to wait', () => {
  it.concurrent('stays queued with the reason while there is no host, and goes on when there is one', async () => {
    let hostIsThere = false;
    const { activities, records } = fakeHost({
      assignHost: async () => {
        if (!hostIsThere) throw ApplicationFailure.retryable('no host worker has reported yet', 'no-host');
        return { host: 'fake', epoch: 1 };
      },
    });
    await suite.withWorkers(activities, async (start) => {
      const run = await start({});
      await records.reached('queued');
      await waitFor(run, (message) => message === 'Waits for a host: no host worker has reported yet.');
      hostIsThere = true;
      await run.signal(leaseGrantedSignal, { lease: leaseOf({ runId: run.workflowId, claim: 1, attempt: 1 }) });
      await run.result();
    });
    expect(records.latest().state).toBe('succeeded');
  });

  it.concurrent('goes back to the queue when the engine does not answer, without using a budget', async () => {
    let asked = 0;
    const { activities, records } = fakeHost({
      pullImage: async () => {
        asked += 1;
        if (asked === 1) throw ApplicationFailure.nonRetryable('no such socket', 'engine-unavailable');
        return { imageId: 'sha256:1', digest: null, pulled: false, durationMs: 1 };
      },
    });
    const submission = { policy: { retries: { infrastructure: 0 } } };
    await suite.withWorkers(activities, async (start) => (await start(submission)).result());
    expect(records.latest()).toMatchObject({ state: 'succeeded', attempt: 1 });
    expect(records.events.map(({ message }) => message)).toContain('Host fake could not begin: no such socket');
  });

  it.concurrent('fails with queued-timeout when no host comes in time', async () => {
    const { activities } = fakeHost({
      assignHost: async () => {
        throw ApplicationFailure.retryable('no host worker has reported yet', 'no-host');
      },
    });
    const submission = { policy: { timeouts: { queued: '300ms' } } };
    const failure = await suite.withWorkers(activities, async (start) => failureOf(await start(submission)));
    expect(failure).toMatchObject({
      type: 'queued-timeout',
      message: expect.stringContaining('no host worker') as string,
    });
  });
});

describe('the read model', () => {
  it.concurrent('catches up after it was away, while the training went on', async () => {
    let storeIsThere = false;
    const { activities, calls, records } = fakeHost();
    const record = activities.recordRun;
    activities.recordRun = async (update) => {
      if (!storeIsThere) throw new Error('the store is away');
      return record(update);
    };
    await suite.withWorkers(activities, async (start) => {
      const run = await start({});
      await waitForCall(calls, 'cleanUp');
      storeIsThere = true;
      await run.result();
    });
    expect(records.latest().state).toBe('succeeded');
    expect(records.states()).toEqual(['queued', 'pulling', 'starting', 'running', 'succeeded']);
  });
});

async function failureOf(run: WorkflowHandle): Promise<unknown> {
  const error = await run.result().catch((thrown: unknown) => thrown);
  if (!(error instanceof WorkflowFailedError)) throw new Error('the run did not fail');
  return error.cause;
}

async function waitFor(run: WorkflowHandle, wanted: (message: string | null) => boolean): Promise<void> {
  await until(async () => wanted((await run.query(statusQuery)).run.message));
}

async function waitForCall(calls: string[], name: string): Promise<void> {
  await until(() => calls.includes(name));
}
