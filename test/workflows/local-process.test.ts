import type { StartContainerInput } from '../../contract/activities';
import { deferred } from '../helpers/deferred';
import { fakeHost, GOOD_OUTCOME } from '../helpers/fake-host';
import { workflowSuite } from '../helpers/workflow-suite';

const suite = workflowSuite();
const engineAwaySince = '2026-11-24T03:42:31.000Z';

describe('a run that is placed as a local process', () => {
  it('gets no image, says loudly what it is, and is followed and cleaned up as a process', async () => {
    const inputs: Record<string, { asProcess?: boolean }> = {};
    const started: StartContainerInput[] = [];
    const ended = deferred();
    const { activities, calls, records } = fakeHost({
      assignHost: async ({ hasCommand }) => ({ host: 'fake', ...(hasCommand && { asProcess: true, engineAwaySince }) }),
      startContainer: async (input) => {
        started.push(input);
        return { containerId: 'process-1', containerName: 'one', startedAt: '2026-01-01T00:00:00.000Z' };
      },
      followContainer: async (input) => {
        inputs['followContainer'] = input;
        await ended.promise;
        return GOOD_OUTCOME;
      },
      cleanUp: async (input) => {
        inputs['cleanUp'] = input;
        return { removed: 1 };
      },
    });
    await suite.withWorkers(activities, async (start) => {
      const run = await start({ command: ['true'] });
      await records.reached('running');
      const loud = expect.stringMatching(
        /^NO CONTAINER: runs as a local process on fake, .* since 2026-11-24T03:42:31/,
      );
      expect(records.latest().message).toEqual(loud);
      expect(records.events.map(({ message }) => message)).toContainEqual(loud);
      ended.resolve();
      await run.result();
    });
    expect(calls).toEqual(['admitRun', 'assignHost', 'startContainer', 'followContainer', 'cleanUp']);
    expect(records.states()).toEqual(['queued', 'starting', 'running', 'succeeded']);
    expect(started).toMatchObject([{ imageId: '', asProcess: true, engineAwaySince }]);
    expect(inputs).toMatchObject({ followContainer: { asProcess: true }, cleanUp: { asProcess: true } });
    expect(records.attempts()).toMatchObject([{ form: 'process', containerId: 'process-1' }]);
    expect(records.latest()).toMatchObject({ message: 'The command ended with exit code 0.', imageDigest: null });
  });

  it('is a container again at its next attempt, where the engine is back', async () => {
    let placed = 0;
    const { activities, calls, records } = fakeHost({
      assignHost: async () => ({ host: 'fake', ...((placed += 1) === 1 && { asProcess: true, engineAwaySince }) }),
      followContainer: async () => (placed === 1 ? { ...GOOD_OUTCOME, exitCode: 1 } : GOOD_OUTCOME),
    });
    await suite.withWorkers(activities, async (start) => {
      const run = await start({ command: ['true'], policy: { retries: { attempts: 2, delay: '10ms' } } } as object);
      await run.result();
    });
    expect(calls.filter((name) => name === 'pullImage')).toHaveLength(1);
    expect(records.attempts()).toMatchObject([{ form: 'process' }, { form: 'container' }]);
  });
});
