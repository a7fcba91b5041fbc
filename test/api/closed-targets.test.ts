import type { Problem } from '../../contract/problem';
import { testApi, type TestApi } from './test-api';

let api: TestApi;
let allowing: TestApi;
beforeAll(async () => {
  api = await testApi();
  allowing = await testApi({
    services: ({ config }) => ({ config: { ...config, notify: { allowedPrivate: ['10.0.0.0/8'] } } }),
  });
});
afterAll(async () => {
  await api.close();
  await allowing.close();
});

const run = (url: string): object => ({ image: 'a', notify: [{ url, on: ['failed'] }] });
const paths = (problem: Problem) => (problem.errors ?? []).map(({ path }) => path);

test.each(['http://10.0.0.1/', 'http://localhost:9/', 'https://[::1]/', 'http://169.254.169.254/latest'])(
  'a run that would be told of at %s is refused at submission',
  async (url) => {
    const response = await api.post('/v1/runs', run(url));

    expect(response.statusCode).toBe(400);
    expect(paths(response.json())).toEqual(['notify[0].url']);
    expect(response.body).toContain('TRAINYARD_NOTIFY_ALLOW_PRIVATE');
  },
);

test('and so is a schedule of such runs', async () => {
  const schedule = { name: 'nightly', every: '1h', run: run('http://10.0.0.1/') };
  const response = await api.post('/v1/schedules', schedule);

  expect(response.statusCode).toBe(400);
  expect(paths(response.json())).toEqual(['run.notify[0].url']);
});

test('what the operator allows gets as far as any other', async () => {
  expect((await allowing.post('/v1/runs', run('http://10.0.0.1/'))).statusCode).toBe(503);
  expect((await allowing.post('/v1/runs', run('http://192.168.0.1/'))).statusCode).toBe(400);
});
