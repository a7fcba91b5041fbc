import { FormatRegistry } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';

import { specHash } from '../../activities/spec-hash';
import { type Receipt, ReceiptSchema } from '../../contract/receipt';
import type { RunSpec } from '../../contract/spec';
import { version } from '../../package.json';
import { specOf } from '../helpers/fake-host';
import { sampleAttempt, sampleRun } from '../store/sample-run';
import { testApi, type TestApi } from './test-api';

const faultsOf = (receipt: Receipt): string[] =>
  [...Value.Errors(ReceiptSchema, receipt)].map(({ path, message }) => `${path}: ${message}`);

let api: TestApi;
beforeAll(async () => {
  FormatRegistry.Set('date-time', (text) => !Number.isNaN(Date.parse(text)));
  api = await testApi();
});
afterAll(() => api.close());

const SPEC: RunSpec = { ...specOf({ name: 'digits', params: { epochs: 3 } }), env: { B: '2', A: '1' } };
const MACHINE = {
  imageId: `sha256:${'b'.repeat(64)}`,
  engineVersion: '26.1.5',
  kernel: '6.1.0-21-amd64',
  architecture: 'x86_64',
  gpuDriver: '550.54.15',
};
const ENDED = { reason: 'completed', exitCode: 0, endedAt: '2026-11-24T03:01:00.000Z' } as const;

async function stored(id: string, changes: Partial<Parameters<typeof sampleRun>[0]> = {}, spec?: RunSpec) {
  const run = sampleRun({ id, state: 'succeeded', rerunOf: 'run-0', policy: 'patient@3', ...changes });
  const attempts = [
    sampleAttempt({ machine: MACHINE, changes: ['resources.memory: 96m'] }),
    sampleAttempt({ number: 2, form: 'process', imageDigest: null, machine: { ...MACHINE, imageId: '' }, ...ENDED }),
  ];
  await api.services.runStore.applyUpdate({ revision: 1, run, attempts, events: [], ...(spec && { spec }) });
}

test('a receipt tells what a run was made of and what each attempt ran on', async () => {
  await stored('whole', {}, SPEC);
  const response = await api.get('/v1/runs/whole/receipt');
  const receipt = response.json<Receipt>();

  expect(response.statusCode).toBe(200);
  expect(faultsOf(receipt)).toEqual([]);
  expect(receipt).toMatchObject({
    id: 'whole',
    rerunOf: 'run-0',
    policy: 'patient@3',
    recipe: null,
    params: { epochs: 3 },
    spec: SPEC,
    specHash: specHash(SPEC),
    trainyard: version,
  });
  const { imageId, ...machine } = MACHINE;
  expect(receipt.attempts).toEqual([
    {
      ...machine,
      imageId,
      number: 1,
      host: 'one',
      form: 'container',
      image: 'trainyard/digits:1',
      imageDigest: 'sha256:abc',
      changes: ['resources.memory: 96m'],
      startedAt: '2026-11-24T03:00:01.000Z',
      endedAt: null,
      reason: null,
      exitCode: null,
    },
    expect.objectContaining({ number: 2, form: 'process', imageId: null, gpuDriver: '550.54.15', ...ENDED }),
  ]);
});

test('a receipt is the same text each time, its keys sorted', async () => {
  await stored('stable', {}, SPEC);
  const [first, second] = [await api.get('/v1/runs/stable/receipt'), await api.get('/v1/runs/stable/receipt')];
  const inOrder = (value: unknown): boolean => {
    if (typeof value !== 'object' || value === null) return true;
    const keys = Object.keys(value);
    const sorted = Array.isArray(value) || keys.join() === keys.toSorted().join();
    return sorted && Object.values(value).every(inOrder);
  };

  expect(second.payload).toBe(first.payload);
  expect(inOrder(first.json())).toBe(true);
});

test('a receipt of a run that never had a spec, or of attempts from before machines were kept, has gaps', async () => {
  await stored('gaps', { state: 'failed', reason: 'invalid-spec' });
  await api.services.runStore.applyUpdate({
    ...{ revision: 2, run: sampleRun({ id: 'gaps' }), attempts: [sampleAttempt()], events: [] },
  });
  const receipt = (await api.get('/v1/runs/gaps/receipt')).json<Receipt>();

  expect(faultsOf(receipt)).toEqual([]);
  expect(receipt).toMatchObject({ spec: null, specHash: null });
  expect(receipt.attempts[0]).toMatchObject({ imageId: null, kernel: null, imageDigest: 'sha256:abc' });
});

test('there is no receipt of a run that there is not', async () => {
  expect((await api.get('/v1/runs/no:such%20id/receipt')).statusCode).toBe(404);
});
