import type { ApplicationFailure, WorkflowFailedError } from '@temporalio/client';

import type { ContainerOutcome } from '../../contract/activities';
import type { Findings } from '../../contract/evidence';
import { fakeHost, GOOD_OUTCOME } from '../helpers/fake-host';
import { workflowSuite } from '../helpers/workflow-suite';

const suite = workflowSuite({ keepWorkers: true });

const FINDINGS: Findings = {
  peakMemoryBytes: 1024,
  cpuSeconds: 2.5,
  oomKills: 0,
  traceback: { type: 'ValueError', message: 'bad batch' },
  hint: { id: 'disk-full', sentence: 'Make room.' },
  step: 40,
  checkpoint: null,
  matchedLogs: [],
};

const GIBIBYTE = 1024 ** 3;

/** A run of up to three attempts that end like this, one after the other. */
async function runWith(...outcomes: Partial<ContainerOutcome>[]) {
  const { activities, records } = fakeHost({
    followContainer: async ({ attempt }) => ({ ...GOOD_OUTCOME, findings: FINDINGS, ...outcomes[attempt - 1] }),
  });
  const submission = { policy: { retries: { attempts: 3, delay: '10ms' } } };
  return suite.withWorkers(activities, async (start) => {
    const run = await start(submission);
    const failure = await run.result().then(
      () => null,
      (error: WorkflowFailedError) => error.cause as ApplicationFailure,
    );
    const handle = run.client.getHandle(run.workflowId);
    const { currentDetails } = await handle.query<{ currentDetails: string }>('__temporal_workflow_metadata');
    return { records, failure, currentDetails };
  });
}

describe('the evidence of an attempt', () => {
  it.concurrent('is what its host found, for each attempt', async () => {
    const { records, currentDetails } = await runWith({ exitCode: 1 }, { exitCode: 0 });
    expect(currentDetails).toContain('exit code 1. `ValueError: bad batch` Make room. Log:');
    const { peakMemoryBytes, cpuSeconds, traceback, hint, step, checkpoint } = FINDINGS;
    const found = { peakMemoryBytes, cpuSeconds, traceback, step, checkpoint, signal: null, outOfMemory: false };
    expect(records.attempts().map(({ evidence }) => evidence)).toEqual([
      { ...found, hint },
      { ...found, hint: null },
    ]);
  });

  it.concurrent('makes a kill at the memory limit a lack of memory, and one below it none', async () => {
    const killed = (peakMemoryBytes: number): Partial<ContainerOutcome> => ({
      exitCode: 137,
      findings: { ...FINDINGS, peakMemoryBytes },
    });
    const { records } = await runWith(killed(GIBIBYTE), killed(GIBIBYTE / 2), { exitCode: 0 });
    expect(records.attempts().map(({ reason }) => reason)).toEqual(['out-of-memory', 'killed-by-signal', 'completed']);
    expect(records.attempts()[0]!.evidence).toMatchObject({ outOfMemory: true, signal: 'SIGKILL' });
  });
});

describe('the first failure of a run', () => {
  it.concurrent('stays, and is named where the run fails for another reason at last', async () => {
    const { records, failure } = await runWith({ exitCode: 3 }, { exitCode: 139 }, { exitCode: 139 });
    const first = { attempt: 1, reason: 'exit-code', message: 'The command ended with exit code 3.' };
    expect(records.latest()).toMatchObject({ state: 'failed', reason: 'killed-by-signal', firstFailure: first });
    expect(records.latest().message).toMatch(/SIGSEGV.* First: attempt 1: The command ended with exit code 3\.$/);
    expect(failure?.message).toBe(records.latest().message);
  });

  it.concurrent('stays in a run that succeeds in the end, whose message is that of its success', async () => {
    const { records } = await runWith({ exitCode: 3 }, { exitCode: 0 });
    expect(records.latest()).toMatchObject({ state: 'succeeded', message: 'The command ended with exit code 0.' });
    expect(records.latest().firstFailure).toMatchObject({ attempt: 1, reason: 'exit-code' });
  });

  it.concurrent('is none where nothing failed', async () => {
    const { records } = await runWith({ exitCode: 0 });
    expect(records.latest().firstFailure).toBeNull();
  });
});
