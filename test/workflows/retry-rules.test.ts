import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';

import type {
  AssignHostInput,
  ContainerOutcome,
  FollowContainerInput,
  StartContainerInput,
} from '../../contract/activities';
import type { Findings } from '../../contract/evidence';
import type { RetryRule, RunSubmission } from '../../contract/spec';
import { fakeHost, GOOD_OUTCOME, type Records } from '../helpers/fake-host';
import { workflowSuite } from '../helpers/workflow-suite';

const suite = workflowSuite({ keepWorkers: true });

const OUT_OF_MEMORY: ContainerOutcome = { ...GOOD_OUTCOME, exitCode: 137, oomKilled: true };
const NO_FINDINGS: Findings = {
  peakMemoryBytes: null,
  cpuSeconds: null,
  oomKills: null,
  traceback: null,
  hint: null,
  step: null,
  checkpoint: null,
  matchedLogs: [],
};

/** A run whose attempts end one after another in these ways, and what its host was asked for. */
async function live(rules: RetryRule[], outcomes: ContainerOutcome[], more: Partial<RunSubmission> = {}) {
  const starts: StartContainerInput[] = [];
  const follows: FollowContainerInput[] = [];
  const wishes: AssignHostInput[] = [];
  const { activities, records } = fakeHost();
  const { startContainer } = activities;
  Object.assign(activities, {
    assignHost: async (input: AssignHostInput) => {
      wishes.push(input);
      return { host: 'fake' };
    },
    startContainer: async (input: StartContainerInput) => {
      starts.push(input);
      return startContainer(input);
    },
    followContainer: async (input: FollowContainerInput) => {
      follows.push(input);
      return outcomes[input.attempt - 1] ?? GOOD_OUTCOME;
    },
  });
  const submission = { ...more, policy: { retries: { attempts: 5, rules } } };
  await suite.withWorkers(activities, async (start) => ended(await start(submission)));
  return { starts, follows, wishes, records };
}

/** Waits for the end of a run, whichever it is. */
async function ended(run: WorkflowHandle): Promise<void> {
  await run.result().catch((error: unknown) => {
    if (!(error instanceof WorkflowFailedError)) throw error;
  });
}

const messages = ({ events }: Records, type: string): string[] =>
  events.filter((event) => event.type === type).map(({ message }) => message);

describe('a change', () => {
  const MORE_MEMORY: RetryRule = {
    when: { outOfMemory: true },
    then: 'retry',
    change: { memory: 'x2', upTo: '3g' },
  };

  it.concurrent('is what the next attempts are made with, and is told', async () => {
    const { starts, records } = await live([MORE_MEMORY], [OUT_OF_MEMORY, OUT_OF_MEMORY]);
    expect(starts.map(({ spec }) => spec.resources.memory)).toEqual(['1g', '2g', '3g']);
    expect(records.latest()).toMatchObject({ state: 'succeeded', attempt: 3 });
    expect(records.attempts().map(({ changes }) => changes)).toEqual([
      [],
      ['resources.memory: 2g (policy.retries.rules[0])'],
      ['resources.memory: 3g (policy.retries.rules[0])'],
    ]);
    expect(messages(records, 'retry-scheduled')[0]).toMatch(
      /went over its memory limit.* Tries again in 10 ms \(attempt 2 of 5; policy\.retries\.rules\[0\] says retry for running out of memory; `resources\.memory` goes from 1g to 2g\)\.$/,
    );
  });

  it.concurrent('that has come to its bound ends the run, and says so', async () => {
    const outcomes = [OUT_OF_MEMORY, OUT_OF_MEMORY, OUT_OF_MEMORY];
    const { records } = await live([MORE_MEMORY], outcomes);
    expect(records.latest()).toMatchObject({ state: 'failed', reason: 'out-of-memory', attempt: 3 });
    expect(records.notes().map(({ message }) => message)).toEqual([
      'No further attempt: policy.retries.rules[0] has nothing left to change: `resources.memory` is 3g and may not go further (upTo: 3g).',
    ]);
  });

  it.concurrent('of a parameter leaves what the run was submitted with', async () => {
    const rule: RetryRule = { when: { exitCode: [9] }, then: 'retry', change: { params: { n: '/2' }, downTo: 1 } };
    const { starts, records } = await live([rule], [{ ...GOOD_OUTCOME, exitCode: 9 }], { params: { n: 9 } });
    expect(starts.map(({ spec }) => spec.params)).toEqual([{ n: 9 }, { n: 4 }]);
    expect(records.latest().params).toEqual({ n: 9 });
  });
});

describe('a rule by log', () => {
  const rules: RetryRule[] = [
    { when: { log: 'nan' }, then: 'fail' },
    { when: { exitCode: [1] }, then: 'retry' },
  ];
  const failed = { ...GOOD_OUTCOME, exitCode: 1 };

  it.concurrent('has its pattern looked for, and decides where it was found', async () => {
    const found = { ...failed, findings: { ...NO_FINDINGS, matchedLogs: [0] } };
    const { follows, records } = await live(rules, [failed, found]);
    expect(follows[0]!.logPatterns).toEqual([{ rule: 0, pattern: 'nan' }]);
    expect(records.latest()).toMatchObject({ state: 'failed', attempt: 2 });
    expect(records.notes().map(({ message }) => message)).toEqual([
      'No further attempt: policy.retries.rules[0] says fail for a log line that fits "nan".',
    ]);
  });

  it.concurrent('is the only one for which the log is looked at', async () => {
    const { follows } = await live(rules.slice(1), [failed]);
    expect(follows.map((follow) => 'logPatterns' in follow)).toEqual([false, false]);
  });
});

describe('a rule that wants another host', () => {
  const rules: RetryRule[] = [
    { when: { exitCode: [9] }, then: 'retry-elsewhere' },
    { when: { exitCode: [1] }, then: 'retry' },
  ];

  it.concurrent('has the last one avoided, and the run say so where there is no other', async () => {
    const { wishes, records } = await live(
      rules,
      [1, 9].map((exitCode) => ({ ...GOOD_OUTCOME, exitCode })),
    );
    expect(wishes.map(({ avoid }) => avoid)).toEqual([[], [], ['fake']]);
    expect(records.notes().map(({ message }) => message)).toEqual([
      'Tries again on fake: the policy wants it elsewhere, and there is no other host that could take it.',
    ]);
  });
});

it.concurrent('a run that fails twice in the same way makes no third attempt, and says why', async () => {
  const { records } = await live([], [OUT_OF_MEMORY, OUT_OF_MEMORY]);
  expect(records.latest()).toMatchObject({ state: 'failed', attempt: 2 });
  expect(records.notes().map(({ message }) => message)).toEqual([
    'No further attempt: it failed in the same way 2 times in a row without progress (policy.retries.sameFailure): running out of memory.',
  ]);
});
