import { ApplicationFailure } from '@temporalio/common';
import type { WorkflowHandle } from '@temporalio/client';

import type { HostNotice } from '../../contract/notice';
import { noticeSignal } from '../../workflows/messages';
import { deferred } from '../helpers/deferred';
import { fakeHost, GOOD_OUTCOME } from '../helpers/fake-host';
import { until } from '../helpers/until';
import { workflowSuite } from '../helpers/workflow-suite';

const suite = workflowSuite({ keepWorkers: true });

const tell = (run: WorkflowHandle, topic: HostNotice['topic'], message: string | null): Promise<void> =>
  run.signal(noticeSignal, { attempt: 1, epoch: 1, topic, message });

describe('a run that its host tells something', () => {
  it.concurrent('says all of it while it is so, and keeps it as events', async () => {
    const ends = deferred();
    const { activities, records } = fakeHost({ followContainer: () => ends.promise.then(() => GOOD_OUTCOME) });
    await suite.withWorkers(activities, async (start) => {
      const run = await start({});
      await records.reached('running');
      await tell(run, 'paused', 'It is paused.');
      await tell(run, 'paused', 'It is paused.');
      await tell(run, 'log-disk-full', 'There is no room.');
      await until(() => records.latest().message === 'It is paused. There is no room.');
      await tell(run, 'paused', null);
      await until(() => records.latest().message === 'There is no room.');
      ends.resolve();
      await run.result();
    });
    const notes = records.notes().map(({ message }) => message);
    expect(notes).toEqual(['It is paused.', 'There is no room.', 'Over: It is paused.']);
  });

  it.concurrent('does not repeat after an absence of its host what was over by then', async () => {
    const [away, back, ends] = [deferred(), deferred(), deferred()];
    const follows = [
      async () => {
        await away.promise;
        throw ApplicationFailure.nonRetryable('the engine is away', 'engine-unavailable');
      },
      () => ends.promise,
    ];
    const { activities, records } = fakeHost({
      followContainer: async () => {
        await follows.shift()!();
        return GOOD_OUTCOME;
      },
      reachHost: () => back.promise,
    });
    await suite.withWorkers(activities, async (start) => {
      const run = await start({});
      await records.reached('running');
      await tell(run, 'engine-away', 'The engine is away.');
      await until(() => records.latest().message === 'The engine is away.');
      away.resolve();
      await records.reached('unreachable');
      await tell(run, 'engine-away', null);
      await until(() => records.events.some(({ message }) => message === 'Over: The engine is away.'));
      back.resolve();
      await until(() => records.latest().state === 'running');
      expect(records.latest().message).toBeNull();
      ends.resolve();
      await run.result();
    });
  });
});
