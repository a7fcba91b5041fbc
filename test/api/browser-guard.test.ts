import type { Problem } from '../../contract/problem';
import { testApi, type TestApi } from './test-api';

let local: TestApi;
let remote: TestApi;

beforeAll(async () => {
  local = await testApi({ api: { allowedHosts: ['trainyard.example'] } });
  remote = await testApi({ api: { allowRemote: true, host: '0.0.0.0' } });
});
afterAll(async () => {
  await local.close();
  await remote.close();
});

const stats = (api: TestApi, host: string) => api.get('/stats', { host });

describe('on a loopback address', () => {
  test.each(['localhost', 'localhost:8000', '127.0.0.1:8000', '127.0.0.2', '[::1]:8000', 'trainyard.example:8000'])(
    'the Host %s is answered',
    async (host) => {
      expect((await stats(local, host)).statusCode).toBe(200);
    },
  );

  test.each([
    'evil.example',
    'evil.example:8000',
    '10.0.0.1',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'api',
  ])('the Host "%s" is refused, as a page may have pointed its own name here', async (host) => {
    const response = await stats(local, host);

    expect(response.statusCode).toBe(403);
    expect(response.json<Problem>().detail).toContain(`"${host}"`);
  });
});

describe('where others may come', () => {
  test.each(['localhost:8000', '10.0.0.1:8000', '[fe80::1]', 'api:8000'])('the Host %s is answered', async (host) => {
    expect((await stats(remote, host)).statusCode).toBe(200);
  });

  test('a name that anybody can own is refused all the same', async () => {
    expect((await stats(remote, 'evil.example')).statusCode).toBe(403);
  });
});

describe('a web page', () => {
  const cancel = (headers: Record<string, string | undefined>) =>
    local.request({ method: 'POST', url: '/v1/runs/none/cancel', headers });

  test.each([
    { origin: 'http://evil.example' },
    { origin: 'http://localhost:3000' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
  ])('of another origin may change nothing (%j)', async (headers) => {
    expect((await cancel({ host: 'localhost:8000', ...headers })).statusCode).toBe(403);
  });

  test.each([{ origin: 'http://localhost:8000', 'sec-fetch-site': 'same-origin' }, {}])(
    'of our own may, as may a program (%j)',
    async (headers) => {
      expect((await cancel({ host: 'localhost:8000', ...headers })).statusCode).not.toBe(403);
    },
  );
});

test('no answer may be read as another type or be put in a frame', async () => {
  const answers = await Promise.all([local.get('/stats'), local.get('/nothing'), local.get('/docs/json')]);

  for (const { headers } of answers) {
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['x-frame-options']).toBe('DENY');
  }
});
