import { type Problem, problemKind } from '../../contract/problem';
import { type NamedPolicy, NamedPolicySchema } from '../../contract/named-policy';
import { checkShape } from '../../contract/validate-shape';
import { testApi, type TestApi } from './test-api';

let api: TestApi;
beforeAll(async () => {
  api = await testApi();
});
afterAll(async () => api.close());

const put = (name: string, body: unknown) =>
  api.request({
    method: 'PUT',
    url: `/v1/policies/${name}`,
    payload: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  });
const remove = (name: string) => api.request({ method: 'DELETE', url: `/v1/policies/${name}` });
const bodyWith = (attempts: number) => ({ description: 'Of a test.', policy: { retries: { attempts } } });

describe('PUT /v1/policies/{name}', () => {
  test('makes version after version, and says where each can be read', async () => {
    const first = await put('counted', bodyWith(2));
    const second = await put('counted', { name: 'counted', ...bodyWith(3) });

    expect([first.statusCode, second.statusCode]).toEqual([201, 201]);
    expect(first.json()).toMatchObject({ name: 'counted', version: 1, ...bodyWith(2), file: null, deletedAt: null });
    expect(second.headers['location']).toBe('/v1/policies/counted?version=2');
    expect((await api.get('/v1/policies/counted?version=1')).json()).toEqual(first.json());
    expect((await api.get('/v1/policies/counted')).json()).toEqual(second.json());
    expect((await api.get('/v1/policies/counted/versions')).json()).toEqual({
      items: [second.json(), first.json()],
      next: null,
    });
    const faults = checkShape(NamedPolicySchema, second.json());
    expect(faults.filter(({ path }) => path !== 'createdAt')).toEqual([]);
  });

  test('answers 200 with the version that has the same content', async () => {
    await put('same', bodyWith(2));
    const again = await put('same', bodyWith(2));

    expect(again.statusCode).toBe(200);
    expect(again.json()).toMatchObject({ version: 1 });
  });

  test('takes YAML', async () => {
    const payload = 'description: In YAML.\npolicy:\n  timeouts: { running: 9h }\n';
    const headers = { 'content-type': 'application/yaml' };
    const response = await api.request({ method: 'PUT', url: '/v1/policies/yaml', payload, headers });

    expect(response.json()).toMatchObject({ policy: { timeouts: { running: '9h' } } });
  });

  test.each<[string, string, unknown, string[]]>([
    ['no body', 'mine', undefined, ['']],
    ['a list', 'mine', [], ['']],
    ['nothing in it', 'mine', {}, ['description', 'policy']],
    ['another name', 'mine', { name: 'other', ...bodyWith(1) }, ['name']],
    ['a name that is none', 'No', bodyWith(1), ['']],
    ['a policy that uses another', 'mine', { description: 'a', policy: { use: 'patient' } }, ['policy.use']],
    [
      'every fault at once',
      'mine',
      { description: '', policy: { timeouts: { running: '1y' }, retries: { attempts: 0, retry: 1 } }, more: 1 },
      ['more', 'description', 'policy.timeouts.running', 'policy.retries.retry', 'policy.retries.attempts'],
    ],
    [
      'timeouts that do not fit each other',
      'mine',
      { description: 'a', policy: { timeouts: { running: '2h', total: '1h' } } },
      ['policy.timeouts.running'],
    ],
  ])('refuses %s', async (_, name, body, paths) => {
    const response = await put(name, body);

    expect(response.statusCode).toBe(400);
    const { errors } = response.json<Problem>();
    expect(errors!.map(({ path }) => path).toSorted()).toEqual(paths.toSorted());
    for (const { message } of errors!) expect(message).toMatch(/;|leave|use/);
    expect((await api.get('/v1/policies/mine')).statusCode).toBe(404);
  });
});

test('a policy that is kept in a file can be changed and deleted only there', async () => {
  const file = '/srv/policies/filed.yaml';
  const others = (await api.services.policies.list()).filter((policy) => policy.file !== null);
  await api.services.policies.importFiles([
    ...others.map((policy) => ({ ...policy, file: policy.file! })),
    { name: 'filed', ...bodyWith(2), file },
  ]);

  for (const response of [await put('filed', bodyWith(3)), await remove('filed')]) {
    expect(response.statusCode).toBe(409);
    expect(problemKind(response.json<Problem>().type)).toBe('kept-in-file');
    expect(response.json<Problem>().detail).toContain(`is kept in the file ${file} of the server; change it there`);
  }
  expect((await api.get('/v1/policies/filed')).json()).toMatchObject({ version: 1, file });
});

test('DELETE keeps a policy from the list and from new runs, and its versions readable', async () => {
  await put('gone', bodyWith(2));
  expect((await remove('gone')).statusCode).toBe(204);

  const { items } = (await api.get('/v1/policies')).json<{ items: NamedPolicy[] }>();
  expect(items.map(({ name }) => name)).not.toContain('gone');
  expect((await api.get('/v1/policies/gone?version=1')).json()).toMatchObject({ deletedAt: expect.any(String) });
  const detail = (await api.get('/v1/policies/gone')).json<Problem>().detail;
  expect(detail).toMatch(/was deleted on .*by their numbers from 1 to 1/);
  expect((await remove('gone')).statusCode).toBe(404);
  for (const policy of ['gone', 'gone@1']) {
    const response = await api.post('/v1/runs', { image: 'a', policy });
    expect(response.json<Problem>().errors).toEqual([
      { path: 'policy', message: expect.stringContaining('there is no policy "gone"') },
    ]);
  }
  expect((await put('gone', bodyWith(2))).json()).toMatchObject({ version: 1, deletedAt: null });
});

test.each([
  ['GET', '/v1/policies/conted', 'did you mean "counted"?'],
  ['GET', '/v1/policies/zzzzzz', 'GET /v1/policies lists them'],
  ['GET', '/v1/policies/counted?version=99', 'has no version 99; its newest is 2'],
  ['GET', '/v1/policies/zzzzzz/versions', 'There is no policy'],
  ['DELETE', '/v1/policies/zzzzzz', 'There is no policy'],
] as const)('%s %s is answered 404 with what there is', async (method, url, detail) => {
  const response = await api.request({ method, url });

  expect(response.statusCode).toBe(404);
  expect(response.json<Problem>().detail).toContain(detail);
});

test('a submission and a schedule that name an unknown policy are told the nearest one', async () => {
  await put('patient', bodyWith(5));
  const message = 'there is no policy "pateint"; did you mean "patient"?';
  const run = { image: 'a', policy: { use: 'pateint' } };

  const submission = await api.post('/v1/runs', run);
  expect(submission.json<Problem>().errors).toEqual([{ path: 'policy.use', message }]);
  const schedule = await api.post('/v1/schedules', { name: 'a', every: '1h', run });
  expect(schedule.json<Problem>().errors).toEqual([{ path: 'run.policy.use', message }]);
});
