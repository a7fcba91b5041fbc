import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import type { NamedPolicy } from '../../contract/named-policy';
import type { Run } from '../../contract/run';
import { getRun, inState, post, request, shellRun, submit } from '../helpers/runs';
import { runCli, startServer, temporalCli, type TestServer } from '../helpers/server';
import { until } from '../helpers/until';

jest.setTimeout(180_000);

/** Fails as soon as its run is told to. */
const FAIL_WHEN_TOLD = 'until [ -e /artifacts/go ]; do sleep 0.1; done; exit 1';

let server: TestServer;
const folder = mkdtempSync(join(tmpdir(), 'trainyard-policies-'));
const fileOfPatient = join(folder, 'patient.yaml');

beforeAll(async () => {
  copyFileSync(resolve(__dirname, '../../policies/patient.yaml'), fileOfPatient);
  server = await startServer({ env: { TRAINYARD_POLICIES: folder } });
});

afterAll(async () => {
  expect(await server.dispose()).toEqual([]);
  rmSync(folder, { recursive: true });
});

async function putPolicy(name: string, retries: object): Promise<{ status: number; body: NamedPolicy }> {
  return request<NamedPolicy>(`${server.url}/v1/policies/${name}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ description: 'Of a test.', policy: { retries } }),
  });
}

const tellToFail = (id: string): void => writeFileSync(join(server.data, 'artifacts', id, 'go'), '');

it('keeps a run on the version that it was submitted with, and gives a new run the newest', async () => {
  expect(await putPolicy('steady', { attempts: 2, delay: '100ms' })).toMatchObject({
    status: 201,
    body: { version: 1 },
  });
  const before = await submit(server.url, shellRun(FAIL_WHEN_TOLD, { policy: 'steady' }));
  const schedule = { name: 'steady', every: '365d', run: shellRun('exit 1', { policy: 'steady' }) };
  expect(await post(`${server.url}/v1/schedules`, schedule)).toMatchObject({ status: 201 });
  await inState(server.url, before, 'running');

  expect(await putPolicy('steady', { attempts: 1 })).toMatchObject({ status: 201, body: { version: 2 } });
  const after = await submit(server.url, shellRun('exit 1', { policy: 'steady' }));
  await post(`${server.url}/v1/schedules/steady/trigger`, {});
  tellToFail(before);

  expect(await inState(server.url, before, 'failed')).toMatchObject({
    policy: 'steady@1',
    attempt: 2,
    spec: { policy: { from: 'steady@1', retries: { attempts: 2 } } },
  });
  expect(await inState(server.url, after, 'failed')).toMatchObject({ policy: 'steady@2', attempt: 1 });
  const [scheduled] = await until(async () => {
    const { body } = await request<{ items: Run[] }>(`${server.url}/v1/runs?schedule=steady`);
    return body.items.length > 0 && body.items;
  });
  expect(await inState(server.url, scheduled!.id, 'failed')).toMatchObject({ policy: 'steady@2', attempt: 1 });

  const { code, out } = await runCli(['policy', 'try', 'steady', '--runs', before, after, '--server', server.url]);
  expect(code).toBe(0);
  expect(out).toContain(`${before}  Would have stopped after attempt 1; the run made 2.`);
  expect(out).toContain(`${after}  Ends as it did, after 1 attempt.`);
});

it('resolves the policy of a run that is started by hand, and ends one whose policy is unknown', async () => {
  const type = ['--type', 'runWorkflow', '--task-queue', 'trainyard'];
  for (const policy of ['patient', 'pateint']) {
    const input = JSON.stringify(shellRun('exit 0', { policy }));
    temporalCli(server, 'workflow', 'start', ...type, '--workflow-id', `hand-${policy}`, '--input', input);
  }
  const inList = async (id: string) => (await request(`${server.url}/v1/runs/${id}`)).status === 200;
  await until(async () => (await inList('hand-patient')) && inList('hand-pateint'));

  expect(await inState(server.url, 'hand-patient', 'succeeded')).toMatchObject({
    policy: 'patient@1',
    spec: { policy: { timeouts: { running: '7d' }, retries: { attempts: 5 } } },
  });
  const refused = await inState(server.url, 'hand-pateint', 'failed');
  expect(refused).toMatchObject({ reason: 'invalid-spec', policy: null });
  expect(refused.message).toContain('there is no policy "pateint"; did you mean "patient"?');
});

it('takes what changed in a file when it is started again, as the next version', async () => {
  const before = await submit(server.url, shellRun('exit 0', { policy: 'patient' }));
  await inState(server.url, before, 'succeeded');
  expect(await putPolicy('patient', {})).toMatchObject({ status: 409 });

  await server.stop();
  writeFileSync(fileOfPatient, readFileSync(fileOfPatient, 'utf8').replace('attempts: 5', 'attempts: 6'));
  await server.restart();
  const after = await submit(server.url, shellRun('exit 0', { policy: 'patient' }));

  expect(await inState(server.url, after, 'succeeded')).toMatchObject({
    policy: 'patient@2',
    spec: { policy: { retries: { attempts: 6 } } },
  });
  expect(await getRun(server.url, before)).toMatchObject({
    policy: 'patient@1',
    spec: { policy: { retries: { attempts: 5 } } },
  });
  const { body } = await request<{ items: NamedPolicy[] }>(`${server.url}/v1/policies/patient/versions`);
  expect(body.items.map(({ version, policy }) => [version, policy.retries?.attempts])).toEqual([
    [2, 6],
    [1, 5],
  ]);
});
