import type { Problem } from '../../contract/problem';
import type { Attempt } from '../../contract/run';
import { type Tried, TriedSchema } from '../../contract/try-policy';
import { checkShape } from '../../contract/validate-shape';
import { storeRun } from './stored-run';
import { testApi, type TestApi } from './test-api';

let api: TestApi;
beforeAll(async () => {
  api = await testApi();
  await api.services.policies.put({ name: 'three', description: 'Three.', policy: { retries: { attempts: 3 } } });
});
afterAll(async () => api.close());

const tryOut = (body: unknown) => api.post('/v1/policies/try', body);
const triedOn = async (body: unknown) => {
  const response = await tryOut(body);
  expect([response.statusCode, response.body]).toEqual([200, expect.any(String)]);
  return response.json<{ items: Tried[] }>().items;
};

/** A run whose attempts ended with these exit codes. */
async function storeAttempts(id: string, exitCodes: number[], more: Partial<Attempt> = {}): Promise<void> {
  const state = exitCodes.at(-1) === 0 ? 'succeeded' : 'failed';
  const reason = state === 'succeeded' ? 'completed' : 'exit-code';
  const run = await storeRun(api.services.runStore, { id, state, reason, attempt: exitCodes.length });
  const [first] = (await api.services.runStore.getRun(id))!.attempts;
  const attempts = exitCodes.map((exitCode, index) => ({
    ...first!,
    number: index + 1,
    exitCode,
    reason: exitCode === 0 ? ('completed' as const) : ('exit-code' as const),
    message: `The command ended with exit code ${exitCode}.`,
    ...more,
  }));
  await api.services.runStore.applyUpdate({ revision: 9, run, attempts, events: [] });
}

describe('POST /v1/policies/try', () => {
  test('tells for each attempt of past runs what the policy would have decided, and why', async () => {
    await storeAttempts('thrice', [1, 1, 0]);
    const [tried] = await triedOn({ policy: { retries: { attempts: 1 } }, runs: ['thrice'] });

    expect(tried).toMatchObject({
      runId: 'thrice',
      verdict: 'Would have stopped after attempt 1; the run made 3.',
      differs: true,
      attempts: [
        { attempt: 1, reason: 'exit-code', exitCode: 1, decision: 'stop', differs: 'The run went on with attempt 2.' },
        { attempt: 2, decision: 'not-made' },
        { attempt: 3, decision: 'not-made' },
      ],
      notes: [],
    });
    expect(tried!.attempts[0]!.because).toContain('one attempt');
    expect(checkShape(TriedSchema, tried)).toEqual([]);
  });

  test('takes the name of a policy, and what is written over it', async () => {
    await storeAttempts('twice', [1, 1]);
    const runs = ['twice'];
    const [named] = await triedOn({ policy: 'three', runs });
    const [over] = await triedOn({ policy: { use: 'three@1', retries: { attempts: 2 } }, runs });

    expect(named!.verdict).toMatch(/^Would have made an attempt 3 after 10s, where the run ended/);
    expect(over!.verdict).toBe('Ends as it did, after 2 attempts.');
  });

  test('stops an attempt that ran longer than the policy allows', async () => {
    const startedAt = '2026-01-01T00:00:00.000Z';
    await storeAttempts('long', [0], { startedAt, endedAt: '2026-01-01T05:00:00.000Z' });
    const [tried] = await triedOn({ policy: { timeouts: { running: '1h' } }, runs: ['long'] });

    expect(tried!.attempts[0]!.because).toContain('policy.timeouts.running is 1h); it ran for 5 h');
  });

  test('goes through outcomes that were written down', async () => {
    const outcomes = [{ reason: 'exit-code', exitCode: 1 }, { reason: 'host-lost' }, { reason: 'completed' }];
    const items = await triedOn({ policy: 'three', outcomes });

    expect(items).toMatchObject([
      {
        runId: null,
        verdict: 'Ends with attempt 3.',
        attempts: [{ decision: 'retry' }, { decision: 'retry', reason: 'host-lost' }, { decision: 'end' }],
      },
    ]);
  });

  test('tries runs in their order, and outcomes after them', async () => {
    const items = await triedOn({ policy: {}, runs: ['twice', 'thrice'], outcomes: [{ reason: 'completed' }] });

    expect(items.map(({ runId }) => runId)).toEqual(['twice', 'thrice', null]);
  });

  test.each<[string, unknown, [path: string, message: string][]]>([
    ['nothing', undefined, [['', 'must be an object']]],
    ['neither runs nor outcomes', { policy: 'three' }, [['', 'write `runs`, `outcomes` or both']]],
    ['no policy', { runs: [] }, [['policy', 'is missing; write the name of a policy']]],
    ['an unknown policy', { policy: 'tree', runs: [] }, [['policy', 'did you mean "three"?']]],
    [
      'a policy that no run could have',
      { policy: { timeouts: { running: '2h', total: '1h' }, retries: { attempts: 99 } }, runs: [] },
      [
        ['policy.retries.attempts', 'must be at most 10'],
        ['policy.timeouts.running', 'must be at most `policy.timeouts.total`'],
      ],
    ],
    [
      'runs that there are not',
      { policy: {}, runs: ['twice', 'nowhere', '../x'] },
      [
        ['runs[1]', 'There is no run "nowhere"'],
        ['runs[2]', 'There is no run "../x"'],
      ],
    ],
    [
      'outcomes that cannot be',
      { policy: {}, outcomes: [{ reason: 'bored' }, { reason: 'exit-code', exitCode: 'one' }] },
      [
        ['outcomes[1].exitCode', 'must be a whole number'],
        ['outcomes[0].reason', 'must be one of'],
      ],
    ],
    [
      'an exit code that says nothing',
      { policy: {}, outcomes: [{ reason: 'exit-code' }] },
      [['outcomes[0].exitCode', '']],
    ],
    ['an unknown field', { policy: {}, run: ['a'], runs: [] }, [['run', 'did you mean `runs`?']]],
  ])('refuses %s, with every fault', async (_, body, expected) => {
    const response = await tryOut(body);

    expect(response.statusCode).toBe(400);
    const faults = response.json<Problem>().errors!.toSorted((one, other) => (one.path < other.path ? -1 : 1));
    const sorted = expected.toSorted(([one], [other]) => (one < other ? -1 : 1));
    expect(faults).toEqual(sorted.map(([path, message]) => ({ path, message: expect.stringContaining(message) })));
  });
});
