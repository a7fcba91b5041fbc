import { Context } from '@temporalio/activity';
import { ApplicationFailure, type WorkflowHandle } from '@temporalio/client';

import { cancelSignal, resumeSignal, suspendSignal } from '../../workflows/messages';
import { deferred } from '../helpers/deferred';
import { fakeHost, GOOD_OUTCOME, type Activities } from '../helpers/fake-host';
import { containerThatMustBeStopped } from '../helpers/must-be-stopped';
import { until } from '../helpers/until';
import { workflowSuite, type StartRun } from '../helpers/workflow-suite';

const suite = workflowSuite({ keepWorkers: true });

const CHECKPOINTS = { checkpoint: {} };
const by = { by: 'ada' };

/** The first container runs until it is stopped, every other ends well at once. */
function stoppable(changes: Partial<Activities> = {}): Partial<Activities> {
  const first = containerThatMustBeStopped();
  return {
    ...first,
    followContainer: async (input) => (input.attempt > 1 ? GOOD_OUTCOME : first.followContainer(input)),
    cleanUp: async () => ({ removed: 1, checkpoint: 'epoch-12.pt' }),
    ...changes,
  };
}

type Host = ReturnType<typeof fakeHost>;

/** Runs a run until its end, with what is done to it meanwhile. */
async function live(
  { activities }: Host,
  submission: Parameters<StartRun>[0],
  meanwhile: (run: WorkflowHandle) => Promise<void>,
): Promise<void> {
  await suite.withWorkers(activities, async (start) => {
    const run = await start(submission);
    await meanwhile(run);
    await run.result().catch(() => undefined);
  });
}

const starts = ({ calls }: Host): number => calls.filter((name) => name === 'startContainer').length;

describe('a run that is suspended while it runs', () => {
  it.concurrent(
    'says so only when its container is gone, and goes on from its checkpoint without using its budget',
    async () => {
      const cleaned = deferred();
      const cleanUp: Activities['cleanUp'] = async ({ attempt, keepCheckpoints }) => {
        if (attempt === 1) await cleaned.promise;
        return { removed: 1, checkpoint: keepCheckpoints === 3 ? 'epoch-12.pt' : null };
      };
      const host = fakeHost(stoppable({ cleanUp }));
      const { records } = host;
      await live(host, CHECKPOINTS, async (run) => {
        await records.reached('running');
        await run.signal(suspendSignal, by);
        await until(() => host.calls.includes('cleanUp'));
        expect(records.latest()).toMatchObject({
          state: 'stopping',
          message: 'Suspension was requested by ada. Waits for the container to end.',
        });
        cleaned.resolve();
        await records.reached('suspended');
        expect(records.latest()).toMatchObject({
          host: null,
          message:
            'Suspended by ada. Its container is gone. When it is resumed it goes on from its checkpoint epoch-12.pt.',
        });
        await run.signal(resumeSignal, { by: 'grace' });
      });
      expect(records.latest()).toMatchObject({ state: 'succeeded', attempt: 2, host: 'fake' });
      expect(records.states()).toEqual([
        ...['queued', 'pulling', 'starting', 'running', 'stopping', 'suspended', 'queued'],
        ...['pulling', 'starting', 'running', 'succeeded'],
      ]);
      expect(records.attempts()).toMatchObject([{ reason: 'suspended', exitCode: 143 }, { reason: 'completed' }]);
      expect(records.events.map(({ message }) => message)).toEqual(
        expect.arrayContaining(['Suspension was requested by ada.', 'The run was resumed by grace.']),
      );
    },
  );

  it.concurrent.each([
    ['has no folder for checkpoints', {}, undefined, 'WARNING: it has no folder for checkpoints'],
    [
      'has written no checkpoint',
      CHECKPOINTS,
      null,
      'WARNING: no checkpoint was seen; when it is resumed it begins anew',
    ],
  ])('warns where it %s', async (_, submission, checkpoint, warning) => {
    const cleaned = { removed: 1, ...(checkpoint !== undefined && { checkpoint }) };
    const host = fakeHost(stoppable({ cleanUp: async () => cleaned }));
    await live(host, submission, async (run) => {
      await host.records.reached('running');
      await run.signal(suspendSignal, by);
      await host.records.reached('suspended');
      expect(host.records.latest().message).toContain(warning);
      await run.signal(resumeSignal);
    });
    expect(host.records.latest().state).toBe('succeeded');
  });

  it.concurrent('tells it in the Web UI of Temporal', async () => {
    const host = fakeHost(stoppable());
    await live(host, CHECKPOINTS, async (run) => {
      await host.records.reached('running');
      await run.signal(suspendSignal, by);
      await host.records.reached('suspended');
      const details = await run.query<{ currentDetails: string }>('__temporal_workflow_metadata');
      expect(details.currentDetails).toContain('is **suspended**: Suspended by ada.');
      const { searchAttributes } = await run.describe();
      expect(searchAttributes).toMatchObject({ RunState: ['suspended'], RunHost: [null] });
      await run.signal(resumeSignal);
    });
  });

  it.concurrent('is suspended once, however often that is asked, and again after it was resumed', async () => {
    const host = fakeHost(stoppable());
    const asked = () => host.records.events.filter(({ type }) => type === 'suspend-requested').length;
    await live(host, CHECKPOINTS, async (run) => {
      await host.records.reached('running');
      for (let time = 0; time < 3; time += 1) await run.signal(suspendSignal, by);
      await host.records.reached('suspended');
      await run.signal(suspendSignal, by);
      expect(asked()).toBe(1);
      await run.signal(resumeSignal);
      await run.signal(resumeSignal);
    });
    expect(asked()).toBe(1);
    expect(host.records.events.filter(({ type }) => type === 'resumed')).toHaveLength(1);
    expect(starts(host)).toBe(2);
  });

  it.concurrent('and resumed before its container is gone goes on with the next, and was never suspended', async () => {
    const mayEnd = deferred();
    const host = fakeHost(stoppable());
    const { stopContainer } = host.activities;
    host.activities.stopContainer = async (input) => {
      await mayEnd.promise;
      return stopContainer(input);
    };
    await live(host, CHECKPOINTS, async (run) => {
      await host.records.reached('running');
      await run.signal(suspendSignal, by);
      await host.records.reached('stopping');
      await run.signal(resumeSignal, by);
      await host.records.said('The run was resumed by ada.');
      mayEnd.resolve();
    });
    expect(host.records.states()).not.toContain('suspended');
    expect(host.records.attempts()).toMatchObject([{ reason: 'suspended' }, { reason: 'completed' }]);
  });

  it.concurrent('just after it has ended by itself keeps its own end', async () => {
    const host = fakeHost(stoppable());
    const { stopContainer, followContainer } = host.activities;
    host.activities.stopContainer = async (input) => ({ ...(await stopContainer(input)), how: 'already-ended' });
    host.activities.followContainer = async (input) => ({ ...(await followContainer(input)), exitCode: 0 });
    await live(host, CHECKPOINTS, async (run) => {
      await host.records.reached('running');
      await run.signal(suspendSignal, by);
    });
    expect(host.records.latest()).toMatchObject({ state: 'succeeded', reason: 'completed', attempt: 1 });
  });

  it.concurrent('can be cancelled while it waits', async () => {
    const host = fakeHost(stoppable());
    await live(host, CHECKPOINTS, async (run) => {
      await host.records.reached('running');
      await run.signal(suspendSignal, by);
      await host.records.reached('suspended');
      await run.signal(cancelSignal, by);
    });
    expect(host.records.latest()).toMatchObject({ state: 'cancelled', message: 'The run was cancelled by ada.' });
    expect(starts(host)).toBe(1);
  });
});

describe('a run that is suspended before it has a container', () => {
  it.concurrent('waits without one while it is queued, and takes a host when it is resumed', async () => {
    let hasHost = false;
    const assignHost: Activities['assignHost'] = async () => {
      if (!hasHost) throw ApplicationFailure.retryable('none', 'no-host');
      return { host: 'fake' };
    };
    const host = fakeHost({ assignHost });
    await live(host, {}, async (run) => {
      await host.records.said('Waits for a host: none.');
      await run.signal(suspendSignal, by);
      await host.records.reached('suspended');
      expect(host.records.latest().message).toBe('Suspended by ada. Nothing of it has run yet.');
      hasHost = true;
      await run.signal(resumeSignal);
    });
    expect(host.records.latest().state).toBe('succeeded');
    expect(starts(host)).toBe(1);
  });

  it.concurrent('does not wait for the registry', async () => {
    const pulls = { begun: 0 };
    const host = fakeHost({
      pullImage: async () => {
        pulls.begun += 1;
        if (pulls.begun > 1) return { imageId: 'sha256:1', digest: null, pulled: false, durationMs: 1 };
        const beat = setInterval(() => Context.current().heartbeat(), 100);
        return Context.current().cancelled.finally(() => clearInterval(beat));
      },
    });
    await live(host, {}, async (run) => {
      await until(() => pulls.begun === 1);
      await run.signal(suspendSignal, by);
      await host.records.reached('suspended');
      expect(starts(host)).toBe(0);
      await run.signal(resumeSignal);
    });
    expect(host.records.latest().state).toBe('succeeded');
  });

  it.concurrent('does not wait for the delay of a retry, and keeps what it knows of its checkpoints', async () => {
    const host = fakeHost({
      followContainer: async ({ attempt }) => ({ ...GOOD_OUTCOME, exitCode: attempt === 1 ? 1 : 0 }),
      cleanUp: async () => ({ removed: 1, checkpoint: 'epoch-3.pt' }),
    });
    const retries = { attempts: 2, delay: '1h', maxDelay: '1h' };
    await live(host, { ...CHECKPOINTS, policy: { retries } }, async (run) => {
      await host.records.reached('retrying');
      await run.signal(suspendSignal, by);
      await host.records.reached('suspended');
      expect(host.records.latest().message).toContain('goes on from its checkpoint epoch-3.pt');
      await run.signal(resumeSignal);
    });
    expect(host.records.latest()).toMatchObject({ state: 'succeeded', attempt: 2 });
  });
});

describe('a run that is suspended while its host does not answer', () => {
  /** A host that goes away while it follows the first attempt; `back` brings it back. */
  function goesAway(): { changes: Partial<Activities>; back: () => void } {
    const back = deferred();
    let isAway = true;
    const unlessAway = async <T>(answer: T): Promise<T> => {
      if (isAway) throw ApplicationFailure.nonRetryable('the engine is away', 'engine-unavailable');
      return answer;
    };
    const changes: Partial<Activities> = {
      followContainer: async ({ attempt }) =>
        attempt > 1 ? GOOD_OUTCOME : unlessAway({ ...GOOD_OUTCOME, exitCode: 143 }),
      stopContainer: async () => unlessAway({ how: 'terminated' as const }),
      cleanUp: async ({ attempt }) =>
        attempt > 1 ? { removed: 1 } : unlessAway({ removed: 1, checkpoint: 'epoch-5.pt' }),
      reachHost: async () => {
        const context = Context.current();
        const beat = setInterval(() => context.heartbeat(), 100);
        await Promise.race([back.promise, context.cancelled]).finally(() => clearInterval(beat));
      },
    };
    return {
      changes,
      back: () => {
        isAway = false;
        back.resolve();
      },
    };
  }

  /** Soon, but not before this test has asked for the suspension. */
  const IMPATIENT = { ...CHECKPOINTS, policy: { timeouts: { unreachable: '5s' }, retries: { infrastructure: 1 } } };

  it.concurrent('is suspended when the host is back and the container is stopped', async () => {
    const { changes, back } = goesAway();
    const host = fakeHost(changes);
    await live(host, CHECKPOINTS, async (run) => {
      await host.records.reached('unreachable');
      await run.signal(suspendSignal, by);
      await host.records.said('Suspension was requested by ada. Waits for the container to end.');
      expect(host.records.latest().state).toBe('unreachable');
      back();
      await host.records.reached('suspended');
      await run.signal(resumeSignal);
    });
    expect(host.records.attempts()).toMatchObject([{ reason: 'suspended' }, { reason: 'completed' }]);
  });

  it.concurrent(
    'is not said to be suspended where the host is lost, until it is back and has removed the container',
    async () => {
      const { changes, back } = goesAway();
      const host = fakeHost(changes);
      await live(host, IMPATIENT, async (run) => {
        await host.records.reached('unreachable');
        await run.signal(suspendSignal, by);
        await until(() => host.records.latest().message?.startsWith('Cannot be suspended yet: host fake is lost'));
        expect(host.records.states()).not.toContain('suspended');
        back();
        await host.records.reached('suspended');
        expect(host.records.latest().message).toContain('Its container is gone.');
        await run.signal(resumeSignal);
      });
      expect(host.records.attempts()).toMatchObject([{ reason: 'suspended' }, { reason: 'completed' }]);
    },
  );

  it.concurrent(
    'and resumed while its host is lost goes on elsewhere, which takes from the budget of the infrastructure',
    async () => {
      const { changes } = goesAway();
      const host = fakeHost(changes);
      await live(host, IMPATIENT, async (run) => {
        await host.records.reached('unreachable');
        await run.signal(suspendSignal, by);
        await until(() => host.records.latest().message?.startsWith('Cannot be suspended yet'));
        await run.signal(resumeSignal);
      });
      expect(host.records.states()).not.toContain('suspended');
      expect(host.records.attempts()).toMatchObject([{ reason: 'host-lost' }, { reason: 'completed' }]);
    },
  );
});
