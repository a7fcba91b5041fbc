import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';

import type { StartContainerInput } from '../../contract/activities';
import { MEMO } from '../../contract/names';
import { cancelSignal } from '../../workflows/messages';
import { deferred } from '../helpers/deferred';
import { fakeHost, GOOD_OUTCOME, type Activities } from '../helpers/fake-host';
import { workflowSuite } from '../helpers/workflow-suite';

const suite = workflowSuite({ keepWorkers: true });

const away = (): ApplicationFailure => ApplicationFailure.nonRetryable('the engine is away', 'engine-unavailable');

/** A host whose engine goes away while it follows the first attempt, and is back when it is told so. */
function hostThatGoesAway(): { changes: Partial<Activities>; back: () => void } {
  const back = deferred();
  let isAway = true;
  return {
    back: () => {
      isAway = false;
      back.resolve();
    },
    changes: {
      followContainer: async ({ attempt }) => {
        if (attempt === 1 && isAway) throw away();
        return GOOD_OUTCOME;
      },
      stopContainer: async () => {
        if (isAway) throw away();
        return { how: 'terminated' };
      },
      reachHost: async () => untilTakenAway(back.promise),
    },
  };
}

/** Waits as an activity does: with heartbeats, by which it learns that Temporal has given it up. */
async function untilTakenAway(end: Promise<void> = new Promise(() => {})): Promise<never> {
  const context = Context.current();
  const beat = setInterval(() => context.heartbeat(), 100);
  return (Promise.race([end, context.cancelled]) as Promise<never>).finally(() => clearInterval(beat));
}

/** So short that a host is lost soon, and so long that none is that a busy machine keeps from its work for a while. */
const IMPATIENT = { policy: { timeouts: { unreachable: '5s' }, retries: { infrastructure: 1 } } };

describe('a run whose host does not answer', () => {
  it.concurrent('is unreachable, and goes on where it was when the host is back', async () => {
    const { changes, back } = hostThatGoesAway();
    const { activities, calls, records } = fakeHost(changes);
    await suite.withWorkers(activities, async (start) => {
      const run = await start({});
      await records.reached('unreachable');
      expect(records.latest().message).toBe(
        'Host fake does not answer. What runs there may go on; for 30m the run waits for it.',
      );
      back();
      await run.result();
    });
    expect(records.states()).toEqual([
      ...['queued', 'pulling', 'starting', 'running', 'unreachable', 'running', 'succeeded'],
    ]);
    expect(calls.filter((name) => name === 'startContainer')).toHaveLength(1);
    expect(records.latest()).toMatchObject({ attempt: 1, reason: 'completed' });
  });

  it.concurrent('tells a start that it is not the first where the engine went away over that', async () => {
    const starts: StartContainerInput[] = [];
    const { activities, records } = fakeHost();
    const startContainer = activities.startContainer;
    activities.startContainer = async (input) => {
      starts.push(input);
      if (starts.length === 1) throw away();
      return startContainer(input);
    };
    await suite.withWorkers(activities, async (start) => (await start({})).result());
    expect(starts.map(({ again, attempt }) => [again, attempt])).toEqual([
      [undefined, 1],
      [true, 1],
    ]);
    expect(records.states()).toEqual([
      ...['queued', 'pulling', 'starting', 'unreachable', 'starting', 'running', 'succeeded'],
    ]);
  });

  it.concurrent(
    'goes on elsewhere after its lease was revoked, with a higher epoch, and leaves the lost host alone',
    async () => {
      const { changes } = hostThatGoesAway();
      const starts: StartContainerInput[] = [];
      const { activities, calls, records } = fakeHost(changes);
      const startContainer = activities.startContainer;
      activities.startContainer = async (input) => {
        starts.push(input);
        return startContainer(input);
      };
      await suite.withWorkers(activities, async (start) => {
        const run = await start(IMPATIENT);
        await run.result();
        expect((await run.describe()).memo).toMatchObject({ [MEMO.epoch]: 3 });
      });
      expect(starts.map(({ attempt, epoch }) => [attempt, epoch])).toEqual([
        [1, 1],
        [2, 3],
      ]);
      expect(calls.filter((name) => name === 'cleanUp')).toHaveLength(1);
      expect(records.events.map(({ message }) => message)).toContain(
        'The lease of host fake was revoked; only containers of epoch 2 or later are valid.',
      );
      expect(records.attempts()).toMatchObject([{ reason: 'host-lost' }, { reason: 'completed' }]);
    },
  );

  it.concurrent('that is cancelled meanwhile is stopped when the host is back, and only then cancelled', async () => {
    const { changes, back } = hostThatGoesAway();
    const { activities, calls, records } = fakeHost(changes);
    await suite.withWorkers(activities, async (start) => {
      const run = await start({});
      await records.reached('unreachable');
      await run.signal(cancelSignal, { by: 'ada' });
      await records.said('The run was cancelled by ada. Waits for the container to end.');
      expect(records.latest().state).toBe('unreachable');
      back();
      await run.result().catch(() => undefined);
    });
    expect(calls.slice(-2)).toEqual(expect.arrayContaining(['cleanUp']));
    expect(records.states().slice(-3)).toEqual(['unreachable', 'stopping', 'cancelled']);
  });

  it.concurrent('that was to be cancelled is not said to be, where its host is lost', async () => {
    const { changes } = hostThatGoesAway();
    const { activities, records } = fakeHost({ ...changes, followContainer: async () => untilTakenAway() });
    await suite.withWorkers(activities, async (start) => {
      const run = await start(IMPATIENT);
      await records.reached('running');
      await run.signal(cancelSignal, { by: 'ada' });
      await expect(run.result()).rejects.toMatchObject({ cause: { type: 'host-lost' } });
    });
    expect(records.latest()).toMatchObject({ state: 'failed', reason: 'host-lost' });
    expect(records.latest().message).toContain('nobody can say yet that its container is gone');
    expect(records.attempts()).toHaveLength(1);
  });

  it.concurrent('does not wait for a host that is away when its container has ended already', async () => {
    const { activities, calls, records } = fakeHost({
      cleanUp: async () => {
        throw away();
      },
    });
    await suite.withWorkers(activities, async (start) => (await start({})).result());
    expect(calls).not.toContain('reachHost');
    expect(records.latest()).toMatchObject({ state: 'succeeded', reason: 'completed' });
  });

  it.concurrent('waits for one that went away before the clean-up of a container that may still run', async () => {
    let cleanUps = 0;
    const { activities, records } = fakeHost({
      followContainer: async ({ attempt }) =>
        attempt > 1 ? GOOD_OUTCOME : { ...GOOD_OUTCOME, exitCode: null, engineRestarted: true, mayStillRun: true },
      cleanUp: async () => {
        cleanUps += 1;
        if (cleanUps === 1) throw away();
        return { removed: 1 };
      },
    });
    await suite.withWorkers(activities, async (start) => (await start({})).result());
    expect(cleanUps).toBe(3);
    expect(records.states()).toContain('unreachable');
    expect(records.attempts()).toMatchObject([{ reason: 'engine-restarted' }, { reason: 'completed' }]);
  });

  it.concurrent('has succeeded where its container ended well before the stop, and its host is lost then', async () => {
    const ended = deferred();
    const { changes } = hostThatGoesAway();
    const { activities, calls, records } = fakeHost({
      reachHost: changes.reachHost!,
      followContainer: async () => {
        await ended.promise;
        return GOOD_OUTCOME;
      },
      stopContainer: async () => {
        ended.resolve();
        return { how: 'already-ended' };
      },
      cleanUp: async () => {
        throw away();
      },
    });
    await suite.withWorkers(activities, async (start) => {
      const run = await start(IMPATIENT);
      await records.reached('running');
      await run.signal(cancelSignal, { by: 'ada' });
      await run.result();
    });
    expect(calls).toContain('reachHost');
    expect(records.latest()).toMatchObject({ state: 'succeeded', reason: 'completed' });
  });
});
