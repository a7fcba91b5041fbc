import { PROBLEMS, type Problem, problemKind } from '../../contract/problem';
import { testApi, type TestApi } from './test-api';

let api: TestApi;

beforeAll(async () => {
  api = await testApi({ api: { bodyLimitBytes: 4096 } });
});
afterAll(async () => api.close());

const SPEC = { image: 'trainyard/digits:1' };

describe('POST /v1/runs answers 400 with the path and the mend for', () => {
  test.each<[string, unknown, string, RegExp]>([
    ['an unknown field', { ...SPEC, comand: ['x'] }, 'comand', /command/],
    ['a wrong unit', { ...SPEC, resources: { memory: '4 gigs' } }, 'resources.memory', /4g/],
    ['an empty command', { ...SPEC, command: [] }, 'command', /list/],
    ['an image name that is none', { image: 'Not An Image' }, 'image', /image name/],
    ['no image', { name: 'x' }, 'image', /missing/],
    ['negative epochs', { recipe: 'digits', params: { epochs: -1 } }, 'params.epochs', /1/],
    ['a parameter that the recipe lacks', { recipe: 'digits', params: { epoch: 1 } }, 'params.epoch', /epochs/],
    ['a recipe that there is not', { recipe: 'digit' }, 'recipe', /digits/],
    ['a field that comes later', { ...SPEC, secrets: ['KEY'] }, 'secrets', /not supported yet/],
    ['no node', { ...SPEC, nodes: 0 }, 'nodes', /from 1 to 64/],
    ['a model of no GPUs', { ...SPEC, resources: { gpuModel: 'H100' } }, 'resources.gpuModel', /resources\.gpus/],
    ['privileges', { ...SPEC, privileged: true }, 'privileged', /cannot/],
    ['a number where a text belongs', { image: 5 }, 'image', /5/],
    ['a text that another check would make a number of', { ...SPEC, resources: { pids: '5' } }, 'resources.pids', /5/],
    ['a list', [SPEC], '', /object/],
    ['null', null, '', /object/],
  ])('%s', async (_what, body, path, mend) => {
    const response = await api.post('/v1/runs', body);

    const problem = response.json<Problem>();
    expect(response.statusCode).toBe(400);
    expect(response.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(problem.errors).toContainEqual({ path, message: expect.stringMatching(mend) as string });
    expect(problemKind(problem.type)).toBe('invalid-input');
  });
});

test('tells every fault at once', async () => {
  const response = await api.post('/v1/runs', { image: 'NOPE', user: 'root', resources: { memory: '5' } });

  const paths = response.json<Problem>().errors?.map(({ path }) => path);
  expect(paths).toEqual(expect.arrayContaining(['image', 'user', 'resources.memory']));
});

describe('POST /train names the parameter', () => {
  test.each([
    [{ epochs: -1 }, 'epochs'],
    [{ epochs: 'three' }, 'epochs'],
    [{ epoch: 3 }, 'epoch'],
  ])('%j', async (body, path) => {
    const response = await api.post('/train', body);

    expect(response.statusCode).toBe(400);
    expect(response.json<Problem>().errors?.map((fault) => fault.path)).toEqual([path]);
  });

  test('and refuses a body that is no object', async () => {
    const response = await api.post('/train', [1]);

    expect(response.statusCode).toBe(400);
    expect(response.json<Problem>().errors).toHaveLength(1);
  });
});

describe('a body that cannot be read', () => {
  test.each<[string, string, RegExp]>([
    ['a missing value', '{\n  "image": }', /line 2, column 12/],
    ['an unquoted name', '{image: 1}', /line 1, column 2/],
    ['a word', 'hello', /line 1, column 1/],
    ['a comma too many', '{"a": [1, 2,]}', /line 1, column 13/],
    ['an early end', '{"image": "x"', /line 1, column 14.*ends too early/],
    ['an open text', '{"image": "x', /ends too early/],
    ['something after the end', '{"image": "x"} y', /line 1, column 16/],
  ])('that is no JSON for %s answers 400 with the place', async (_what, body, place) => {
    const response = await api.post('/v1/runs', body);

    expect(response.statusCode).toBe(400);
    expect(problemKind(response.json<Problem>().type)).toBe('malformed-body');
    expect(response.json<Problem>().detail).toMatch(place);
  });

  test('that is no YAML answers 400 with the place', async () => {
    const response = await api.post('/v1/runs', 'image: "x\nname: y', { 'content-type': 'application/yaml' });

    expect(response.statusCode).toBe(400);
    expect(response.json<Problem>().detail).toMatch(/line \d, column \d/);
  });

  test('that is a YAML bomb answers 400', async () => {
    const levels = Array.from(
      { length: 9 },
      (_, level) => `a${level + 1}: &a${level + 1} [${Array(9).fill(`*a${level}`).join(',')}]`,
    );
    const response = await api.post('/v1/runs', ['a0: &a0 [x,x,x]', ...levels].join('\n'), {
      'content-type': 'text/yaml',
    });

    expect(response.statusCode).toBe(400);
  });

  test('that refers to itself answers 400', async () => {
    const response = await api.post('/v1/runs', 'params: &p\n  x: *p\n', { 'content-type': 'text/yaml' });

    expect(response.statusCode).toBe(400);
  });

  test('that is empty answers 400 and says what to send', async () => {
    const response = await api.post('/v1/runs', '');

    expect(response.statusCode).toBe(400);
    expect(response.json<Problem>().detail).toMatch(/empty/);
  });

  test('that reaches for a prototype answers 400', async () => {
    const response = await api.post('/v1/runs', '{"image": "a", "labels": {"__proto__": {"x": 1}}}');

    expect(response.statusCode).toBe(400);
    expect(({} as { x?: number }).x).toBeUndefined();
  });

  test('over the limit answers 413 with the limit', async () => {
    const response = await api.post('/v1/runs', { ...SPEC, env: { A: 'x'.repeat(5000) } });

    expect(response.statusCode).toBe(413);
    expect(response.json<Problem>().detail).toMatch(/4096 bytes/);
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', undefined])(
    'of type %s answers 415 with the mend',
    async (type) => {
      const headers = { 'content-type': type };
      const response = await api.request({ method: 'POST', url: '/train', payload: Buffer.from('epochs=3'), headers });

      expect(response.statusCode).toBe(415);
      expect(response.json<Problem>().detail).toMatch(/content-type: application\/json/);
    },
  );
});

describe('a query', () => {
  test.each([
    ['/v1/runs?limit=0', 'limit'],
    ['/v1/runs?limit=501', 'limit'],
    ['/v1/runs?limit=many', 'limit'],
    ['/v1/runs?state=runing', 'state'],
    ['/v1/runs?state=running,done', 'state'],
    ['/v1/runs?label=vision', 'label'],
    ['/v1/runs?createdAfter=yesterday', 'createdAfter'],
    ['/v1/runs?cursor=made-up', 'cursor'],
    ['/v1/runs?colour=red', 'colour'],
  ])('%s answers 400 with the path', async (url, path) => {
    const response = await api.get(url);

    expect(response.statusCode).toBe(400);
    expect(response.json<Problem>().errors?.[0]).toMatchObject({ path });
  });

  test.each(['', 'ü', 'x'.repeat(256)])('refuses the Idempotency-Key %j', async (key) => {
    const response = await api.post('/v1/runs', SPEC, { 'idempotency-key': key });

    expect(response.statusCode).toBe(400);
    expect(response.json<Problem>().errors?.[0]?.path).toBe('idempotency-key');
  });
});

describe('a route', () => {
  test.each(['/nothing', '/v1/nothing', '/v1/recipes/none'])('that there is not (%s) answers 404', async (url) => {
    const response = await api.get(url);

    expect(response.statusCode).toBe(404);
    expect(response.json<Problem>()).toMatchObject({ title: PROBLEMS['not-found'].title, instance: url });
  });

  test('that does not take a method answers 405 with those that it takes', async () => {
    const response = await api.request({ method: 'PATCH', url: '/v1/runs' });

    expect(response.statusCode).toBe(405);
    expect(response.headers['allow']).toBe('POST, GET, HEAD');
  });

  test('that cannot be decoded answers 400 as a problem', async () => {
    const response = await api.get('/v1/runs/%zz');

    expect(response.statusCode).toBe(400);
    expect(response.json<Problem>().status).toBe(400);
  });
});
