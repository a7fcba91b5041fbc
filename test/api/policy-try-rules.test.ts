import type { Attempt } from '../../contract/run';
import type { Tried } from '../../contract/try-policy';
import { openLogStore } from '../../store/file-log-store';
import { storeRun } from './stored-run';
import { testApi, type TestApi } from './test-api';

let api: TestApi;
beforeAll(async () => {
  api = await testApi();
});
afterAll(async () => api.close());

async function tryOn(policy: unknown, on: object): Promise<Tried> {
  const response = await api.post('/v1/policies/try', { policy, ...on });
  expect([response.statusCode, response.body]).toEqual([200, expect.any(String)]);
  return response.json<{ items: Tried[] }>().items[0]!;
}

/** A run of failed attempts, each of which wrote these lines. */
async function storeFailed(id: string, logs: string[][], more: Partial<Attempt> = {}): Promise<void> {
  const run = await storeRun(api.services.runStore, { id, state: 'failed', reason: 'exit-code', attempt: logs.length });
  const [first] = (await api.services.runStore.getRun(id))!.attempts;
  const facts = { ...first!, exitCode: 1, reason: 'exit-code' as const, message: 'Exit code 1.', ...more };
  const attempts = logs.map((_, index) => ({ ...facts, number: index + 1 }));
  await api.services.runStore.applyUpdate({ revision: 9, run, attempts, events: [] });
  const store = openLogStore(api.services.config.data, { segmentBytes: 1_000_000 });
  for (const [index, lines] of logs.entries()) {
    const writer = await store.openWriter(id, index + 1);
    const time = `2026-01-01T00:00:0${index}.000000000Z`;
    await writer.append(lines.map((text) => ({ time, stream: 'stdout', text })));
    await writer.seal({ gaps: 0, badBytes: 0 });
    await writer.close();
  }
}

const ECC = { when: { log: 'CUDA error: .*ECC' }, then: 'retry-elsewhere' };
const GROW = { when: { outOfMemory: true }, then: 'retry', change: { memory: 'x2', upTo: '8g' } };

describe('rules of a policy that is tried', () => {
  test('look into the log of each attempt of a run', async () => {
    await storeFailed('ecc', [['CUDA error: uncorrectable ECC'], ['all is well'], ['CUDA error: uncorrectable ECC']]);
    const { attempts, verdict, notes } = await tryOn({ retries: { attempts: 9, rules: [ECC] } }, { runs: ['ecc'] });

    expect(attempts.map(({ decision }) => decision)).toEqual(['retry-elsewhere', 'stop', 'not-made']);
    expect(attempts[1]!.because).toContain('no rule of policy.retries.rules names exit code 1');
    expect([verdict, notes]).toEqual(['Would have stopped after attempt 2; the run made 3.', []]);
  });

  test('say so where the log is gone', async () => {
    await storeFailed('gone', [['CUDA error: uncorrectable ECC']]);
    await api.services.logStore.remove('gone', 'it was too old');
    const { attempts, notes } = await tryOn({ retries: { attempts: 9, rules: [ECC] } }, { runs: ['gone'] });

    expect(attempts[0]!.decision).toBe('stop');
    expect(notes).toEqual([expect.stringMatching(/^Its log was removed on .*taken not to fit/)]);
  });

  test('change what the next attempts have, which those of the run had not', async () => {
    await storeFailed('small', [[], []], { exitCode: 137, reason: 'out-of-memory' });
    const { attempts } = await tryOn({ retries: { attempts: 3, rules: [GROW] } }, { runs: ['small'] });

    expect(attempts).toMatchObject([
      {
        decision: 'retry',
        changes: [expect.stringMatching(/^resources.memory: 2g/)],
        differs: 'Attempt 2 would have had resources.memory: 2g, and might have ended otherwise.',
      },
      { decision: 'retry', changes: [expect.stringMatching(/^resources.memory: 4g/)], differs: 'The run ended here.' },
    ]);
  });

  test('are refused where a run has not what they change, for that run', async () => {
    await storeFailed('plain', [[]]);
    const rules = [{ when: { exitCode: [1] }, then: 'retry', change: { params: { batch_size: '/2' }, downTo: 1 } }];
    const { attempts, verdict } = await tryOn({ retries: { attempts: 3, rules } }, { runs: ['plain'] });

    expect(attempts).toEqual([]);
    expect(verdict).toMatch(
      /^The policy does not fit this run, .*rules\[0\].change.params.batch_size names no parameter/,
    );
  });

  test('look into the log of outcomes that were written down', async () => {
    const outcomes = [
      { reason: 'exit-code', exitCode: 1, log: 'epoch 3\nCUDA error: double-bit ECC\n' },
      { reason: 'exit-code', exitCode: 1, log: 'epoch 4\n' },
    ];
    const { verdict, attempts } = await tryOn({ retries: { attempts: 3, rules: [ECC] } }, { outcomes });

    expect(attempts[0]!.decision).toBe('retry-elsewhere');
    expect(verdict).toBe('Stops after attempt 2.');
  });
});

test('a named policy may change what only some runs have; one that has not is told when it names the policy', async () => {
  const change = { params: { batch_size: '/2' }, downTo: 8 };
  const rules = [
    { when: { outOfMemory: true }, then: 'retry', change },
    { when: { exitCode: [1] }, then: 'retry' },
  ];
  const put = await api.request({
    method: 'PUT',
    url: '/v1/policies/halving',
    payload: JSON.stringify({ description: 'Halves.', policy: { retries: { attempts: 3, rules } } }),
    headers: { 'content-type': 'application/json' },
  });
  expect([put.statusCode, put.body]).toEqual([201, expect.any(String)]);

  const refused = await api.post('/v1/runs', { image: 'a', policy: 'halving' });
  expect(refused.json<{ errors: object[] }>().errors).toEqual([
    {
      path: 'policy.retries.rules[0].change.params.batch_size',
      message: expect.stringMatching(/names no parameter.*\(with the policy halving@1\)$/),
    },
  ]);
});
