import { Context } from '@temporalio/activity';
import { ApplicationFailure, WorkflowUpdateFailedError, type WorkflowHandle } from '@temporalio/client';

import type { RunChange } from '../../contract/run-change';
import type { Timeouts } from '../../contract/spec';
import { changeRunUpdate, resumeSignal, silentSignal, suspendSignal } from '../../workflows/messages';
import { type Deferred, deferred } from '../helpers/deferred';
import { fakeHost, GOOD_OUTCOME, type Activities } from '../helpers/fake-host';
import { until } from '../helpers/until';
import { workflowSuite } from '../helpers/workflow-suite';

const suite = workflowSuite({ keepWorkers: true });
const HOUR = 3_600_000;

const limits = (timeouts: Partial<Timeouts>) => ({ policy: { timeouts } });
const change = (run: WorkflowHandle, timeouts: object, more: Partial<RunChange> = {}) =>
  run.executeUpdate(changeRunUpdate, { args: [{ policy: { timeouts }, by: 'ada', ...more } as RunChange] });

/** How a run ended; `completed` where it succeeded. */
async function endOf(run: WorkflowHandle): Promise<string> {
  const failure = await run.result().then(
    () => null,
    (error: { cause: ApplicationFailure }) => error.cause,
  );
  return failure === null ? 'completed' : String(failure.type);
}

/** The faults of an update that is refused. */
async function faultsOf(update: Promise<unknown>): Promise<unknown> {
  const error = await update.then(
    () => undefined,
    (refused: unknown) => refused,
  );
  expect(error).toBeInstanceOf(WorkflowUpdateFailedError);
  return ((error as WorkflowUpdateFailedError).cause as ApplicationFailure).details?.[0];
}

/** Containers that go on until they are stopped, or until the test lets them end well. */
function longRuns(changes: Partial<Activities> = {}) {
  const inputs: Parameters<Activities['followContainer']>[0][] = [];
  const signals: string[] = [];
  const stops = new Map<string, Deferred<void>>();
  const stopOf = (runId: string, attempt: number): Deferred<void> => {
    const key = `${runId}.${attempt}`;
    const stop = stops.get(key) ?? deferred<void>();
    stops.set(key, stop);
    return stop;
  };
  const ends = deferred();
  const host = fakeHost({
    followContainer: async (input) => {
      inputs.push(input);
      const { cancelled, heartbeat } = Context.current();
      const beat = setInterval(() => heartbeat(), 100);
      const stopped = stopOf(input.runId, input.attempt).promise.then(() => 143);
      const exitCode = await Promise.race([ends.promise.then(() => 0), stopped, cancelled]).finally(() =>
        clearInterval(beat),
      );
      return { ...GOOD_OUTCOME, exitCode };
    },
    signalContainer: async ({ signal }) => {
      signals.push(signal);
      return { sent: true };
    },
    stopContainer: async ({ runId, attempt }) => {
      stopOf(runId, attempt).resolve();
      return { how: 'terminated' };
    },
    ...changes,
  });
  return { ...host, inputs, signals, ends };
}

const isRunning = async (run: WorkflowHandle): Promise<void> => {
  await until(async () => (await run.query<{ run: { state: string } }>('status')).run.state === 'running');
};

describe('a limit that is changed while its time runs', () => {
  it.concurrent.each([['running'], ['total']] as const)('lets a run go on that would have ended: %s', async (field) => {
    const { activities, ends, records } = longRuns();
    await suite.withWorkers(activities, async (start) => {
      const [extended, left] = [await start(limits({ [field]: '8s' })), await start(limits({ [field]: '8s' }))];
      await isRunning(extended);
      const { spec } = await change(extended, { [field]: '1h' });
      expect(spec?.policy.timeouts[field]).toBe('1h');
      expect(await endOf(left)).toBe(`${field}-timeout`);
      ends.resolve();
      expect(await endOf(extended)).toBe('completed');
    });
    expect(records.events).toContainEqual(
      expect.objectContaining({
        type: 'changed',
        message: expect.stringMatching(`^Changed by ada: .*policy.timeouts.${field}: 8s → 1h\\.$`),
      }),
    );
  });

  it.concurrent('ends a run sooner, and says by which limit', async () => {
    const { activities, records } = longRuns();
    await suite.withWorkers(activities, async (start) => {
      const run = await start(limits({ running: '1h' }));
      await isRunning(run);
      await change(run, { running: '8s' });
      expect(await endOf(run)).toBe('running-timeout');
    });
    expect(records.latest().message).toContain(
      'ran longer than 8s and was stopped (policy.timeouts.running); raise it',
    );
  });

  it.concurrent('ends a wait for a host sooner', async () => {
    const { activities, records } = longRuns({
      assignHost: async () => {
        throw ApplicationFailure.retryable('none has reported yet', 'no-host');
      },
    });
    await suite.withWorkers(activities, async (start) => {
      const run = await start({});
      await records.said('Waits for a host: none has reported yet.');
      await change(run, { queued: '8s' });
      expect(await endOf(run)).toBe('queued-timeout');
    });
  });

  it.concurrent(
    'is refused where it is over already, where it does not fit, and for what cannot be changed',
    async () => {
      const { activities, ends } = longRuns();
      await suite.withWorkers(activities, async (start) => {
        const run = await start({});
        await isRunning(run);
        const message = expect.stringMatching(/^must be more than the .+ that the run has taken already; got "1ms"/);
        expect(await faultsOf(change(run, { total: '1ms' }))).toContainEqual({
          path: 'policy.timeouts.total',
          message,
        });
        expect(await faultsOf(change(run, { running: '48h' }))).toMatchObject([{ path: 'policy.timeouts.running' }]);
        expect(await faultsOf(change(run, { pull: '2h' }))).toMatchObject([{ path: 'policy.timeouts.pull' }]);
        const { spec } = await change(run, {}, { labels: { team: 'vision' } });
        expect(spec).toMatchObject({
          labels: { team: 'vision' },
          policy: { timeouts: { running: '12h', total: '36h' } },
        });
        ends.resolve();
        expect(await endOf(run)).toBe('completed');
      });
    },
  );

  it.concurrent('is refused when the run is being ended, for which it comes too late', async () => {
    const mayStop = deferred();
    const { activities, records } = longRuns();
    const { stopContainer } = activities;
    activities.stopContainer = async (input) => mayStop.promise.then(() => stopContainer(input));
    await suite.withWorkers(activities, async (start) => {
      const run = await start(limits({ running: '200ms' }));
      await records.reached('stopping');
      expect(await faultsOf(change(run, { running: '1h' }))).toMatchObject([{ path: 'policy.timeouts' }]);
      mayStop.resolve();
      expect(await endOf(run)).toBe('running-timeout');
    });
  });
});

describe('the time of a run', () => {
  it.concurrent('does not pass while it is suspended', async () => {
    const { activities, ends, records } = longRuns();
    await suite.withWorkers(activities, async (start) => {
      const [held, left] = [await start(limits({ total: '8s' })), await start(limits({ total: '8s' }))];
      await isRunning(held);
      await held.signal(suspendSignal, { by: 'ada' });
      await until(() => records.events.some(({ runId, state }) => runId === held.workflowId && state === 'suspended'));
      expect(await endOf(left)).toBe('total-timeout');
      ends.resolve();
      await held.signal(resumeSignal, { by: 'ada' });
      expect(await endOf(held)).toBe('completed');
    });
  });
});

describe('the warning before a limit', () => {
  it.concurrent.each([['running'], ['total']] as const)('comes before the end of %s, and once', async (field) => {
    const { activities, calls, signals, records } = longRuns();
    await suite.withWorkers(activities, async (start) => {
      const run = await start(limits({ [field]: '8s', warn: '7s', warnSignal: 'SIGHUP' }));
      expect(await endOf(run)).toBe(`${field}-timeout`);
    });
    expect(signals).toEqual(['SIGHUP']);
    expect(calls.indexOf('signalContainer')).toBeLessThan(calls.indexOf('stopContainer'));
    await records.said(`The program was sent SIGHUP: less than 7s of 8s are left (policy.timeouts.${field}).`);
  });

  it.concurrent('comes once more before a limit that was moved, by SIGUSR1 where no signal is named', async () => {
    const { activities, signals } = longRuns();
    await suite.withWorkers(activities, async (start) => {
      const run = await start(limits({ running: '6s', warn: '5s' }));
      await until(() => signals.length === 1);
      await change(run, { running: '8s' });
      expect(await endOf(run)).toBe('running-timeout');
    });
    expect(signals).toEqual(['SIGUSR1', 'SIGUSR1']);
  });

  it.concurrent('does not come where none is wanted, and holds nothing up where it cannot be sent', async () => {
    const { activities, signals, records, ends } = longRuns();
    await suite.withWorkers(activities, async (start) => {
      expect(await endOf(await start(limits({ running: '1s' })))).toBe('running-timeout');
    });
    expect(signals).toEqual([]);
    activities.signalContainer = async () => {
      throw ApplicationFailure.nonRetryable('the engine is away', 'engine-unavailable');
    };
    const said = /^SIGUSR1 could not be sent although less than 3599s of 1h are left .*: the engine is away$/;
    await suite.withWorkers(activities, async (start) => {
      const run = await start(limits({ running: '1h', warn: '3599s' }));
      await until(() => records.events.some(({ message }) => said.test(message)));
      ends.resolve();
      expect(await endOf(run)).toBe('completed');
    });
  });
});

describe('a run whose container is silent', () => {
  const silence = (run: WorkflowHandle, silenceMs: number, attempt = 1): Promise<void> =>
    run.signal(silentSignal, { attempt, silenceMs, since: '2026-01-01T00:00:00.000Z' });

  it.concurrent('has its attempt ended, which the policy may try again', async () => {
    const { activities, inputs, ends, records } = longRuns();
    await suite.withWorkers(activities, async (start) => {
      const run = await start({ policy: { timeouts: { silence: '1h' }, retries: { attempts: 2 } } });
      await isRunning(run);
      await silence(run, HOUR, 2);
      await silence(run, HOUR);
      await until(() => inputs.length === 2);
      ends.resolve();
      expect(await endOf(run)).toBe('completed');
    });
    expect(inputs.map(({ attempt, silenceMs }) => [attempt, silenceMs])).toEqual([
      [1, HOUR],
      [2, HOUR],
    ]);
    expect(records.attempts()[0]).toMatchObject({ reason: 'silent', exitCode: 143 });
    expect(records.attempts()[0]?.message).toContain('for 1h and was stopped (policy.timeouts.silence)');
    expect(records.attempts()[0]?.message).toContain('silent since 2026-01-01T00:00:00.000Z');
  });

  it.concurrent(
    'is followed anew where the limit is changed, set or taken away, and a report by the old one is passed over',
    async () => {
      const { activities, inputs, ends } = longRuns();
      await suite.withWorkers(activities, async (start) => {
        const run = await start({});
        await until(() => inputs.length === 1);
        await change(run, { silence: '1h' });
        await until(() => inputs.length === 2);
        await change(run, { silence: '2h' });
        await silence(run, HOUR);
        await until(() => inputs.length === 3);
        await change(run, { silence: null });
        await until(() => inputs.length === 4);
        ends.resolve();
        expect(await endOf(run)).toBe('completed');
      });
      expect(inputs.map(({ silenceMs }) => silenceMs)).toEqual([undefined, HOUR, 2 * HOUR, undefined]);
    },
  );
});
