import type { RunStore } from '../../store/run-store';
import { sampleAttempt, sampleEvent, sampleUpdate } from './sample-run';

/** What a store makes of a run whose workflow was begun anew: by a reset, or by hand with the same id. */
export function describeExecutions(storeNow: () => RunStore): void {
  describe('another execution of the workflow of a run', () => {
    const END = '2026-11-24T11:00:00.000Z';
    const eventsOf = async (): Promise<[number, string][]> =>
      (await storeNow().listEvents('run-1', 0, 10)).map(({ seq, message }) => [seq, message]);
    const events = (...messages: string[]) =>
      messages.map((message, index) => sampleEvent({ seq: index + 1, message }));
    const ended = { state: 'succeeded', reason: 'completed', endedAt: END } as const;

    /** A run that ended in its second attempt. */
    const endedRun = async (): Promise<void> => {
      const attempts = [sampleAttempt(), sampleAttempt({ number: 2, reason: 'completed' })];
      await storeNow().applyUpdate(
        sampleUpdate(
          { ...ended, attempt: 2 },
          { revision: 9, execution: 'x', attempts, events: events('a', 'b', 'c') },
        ),
      );
    };

    test('opens the run again, whatever its revision, and without the attempts that are to come', async () => {
      await endedRun();

      await storeNow().applyUpdate(sampleUpdate({}, { revision: 2, execution: 'y', attempts: [sampleAttempt()] }));

      const { run, attempts } = (await storeNow().getRun('run-1'))!;
      expect(run).toMatchObject({ state: 'running', reason: null, endedAt: null, attempt: 1 });
      expect(attempts.map(({ number }) => number)).toEqual([1]);
      expect(await storeNow().headOf('run-1')).toEqual({ state: 'running', revision: 2, execution: 'y' });
    });

    test('has its events after those of the one before, each once', async () => {
      await endedRun();
      const anew = { execution: 'y', revision: 1, events: [sampleEvent({ seq: 2, message: 'B' })] };

      await storeNow().applyUpdate(sampleUpdate({}, { ...anew, events: [] }));
      await storeNow().applyUpdate(sampleUpdate({}, anew));
      await storeNow().applyUpdate(sampleUpdate({}, anew));
      const next = [sampleEvent({ seq: 3, message: 'C' })];
      await storeNow().applyUpdate(sampleUpdate({}, { ...anew, revision: 2, events: next }));

      expect(await eventsOf()).toEqual([
        [1, 'a'],
        [2, 'b'],
        [3, 'c'],
        [4, 'B'],
        [5, 'C'],
      ]);
    });

    test('leaves a gap where a store that was restored missed events of the same one', async () => {
      await storeNow().applyUpdate(sampleUpdate({}, { execution: 'x', events: events('a') }));

      const later = [sampleEvent({ seq: 7, message: 'g' })];
      await storeNow().applyUpdate(sampleUpdate({}, { execution: 'x', revision: 5, events: later }));

      expect(await eventsOf()).toEqual([
        [1, 'a'],
        [7, 'g'],
      ]);
    });

    test('is also the same one, where it reports after the run was closed', async () => {
      await storeNow().applyUpdate(sampleUpdate({}, { execution: 'x', revision: 3, events: events('a') }));
      await storeNow().closeRun('run-1', { reason: 'workflow-terminated', endedAt: END });

      await storeNow().applyUpdate(sampleUpdate({}, { execution: 'x', revision: 3 }));

      expect((await storeNow().getRun('run-1'))?.run.state).toBe('running');
    });

    test('is known by a run that was stored before executions were told', async () => {
      await storeNow().applyUpdate(sampleUpdate({}, { revision: 4, events: events('a', 'b') }));

      const next = [sampleEvent({ seq: 3, message: 'c' })];
      await storeNow().applyUpdate(sampleUpdate({}, { execution: 'x', revision: 5, events: next }));

      expect((await eventsOf()).map(([seq]) => seq)).toEqual([1, 2, 3]);
    });
  });
}
