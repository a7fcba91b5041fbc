import { testApi, type TestApi } from './test-api';

interface Operation {
  tags?: string[];
  summary?: string;
  parameters?: { name: string; in: string; required?: boolean; schema: { default?: unknown } }[];
  requestBody?: { content: Record<string, { schema: { properties?: object }; examples?: object }> };
  responses: Record<string, { description: string; content?: Record<string, unknown> }>;
}

interface OpenApi {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  tags: { name: string }[];
}

let api: TestApi;
let document: OpenApi;
let operations: [string, Operation][];

beforeAll(async () => {
  api = await testApi();
  document = (await api.get('/docs/json')).json<OpenApi>();
  operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, Operation] => [`${method} ${path}`, operation]),
  );
});
afterAll(async () => api.close());

test('/docs shows a page to try the API out', async () => {
  const response = await api.get('/docs/');

  expect(response.statusCode).toBe(200);
  expect(response.headers['content-type']).toContain('text/html');
  expect((await api.get('/docs')).statusCode).toBeLessThan(400);
});

test('/docs/json describes every route', () => {
  expect(document.openapi).toBe('3.1.0');
  expect(
    operations
      .map(([name]) => name)
      .filter((name) => !name.startsWith('head '))
      .toSorted(),
  ).toEqual([
    'delete /train/{task_id}',
    'delete /v1/hosts/{name}',
    'delete /v1/policies/{name}',
    'delete /v1/reservations/{id}',
    'delete /v1/schedules/{name}',
    'get /health',
    'get /stats',
    'get /train/{task_id}',
    'get /v1/hosts',
    'get /v1/hosts/{name}',
    'get /v1/logs',
    'get /v1/policies',
    'get /v1/policies/{name}',
    'get /v1/policies/{name}/versions',
    'get /v1/pools',
    'get /v1/pools/{name}',
    'get /v1/recipes',
    'get /v1/recipes/{name}',
    'get /v1/reservations',
    'get /v1/runs',
    'get /v1/runs/{id}',
    'get /v1/runs/{id}/attempts',
    'get /v1/runs/{id}/events',
    'get /v1/runs/{id}/explain',
    'get /v1/runs/{id}/logs',
    'get /v1/runs/{id}/receipt',
    'get /v1/schedules',
    'get /v1/schedules/{name}',
    'get /ws',
    'patch /v1/pools/{name}',
    'patch /v1/runs/{id}',
    'post /train',
    'post /v1/hosts/{name}/cordon',
    'post /v1/hosts/{name}/drain',
    'post /v1/hosts/{name}/uncordon',
    'post /v1/policies/try',
    'post /v1/reservations',
    'post /v1/runs',
    'post /v1/runs/{id}/cancel',
    'post /v1/runs/{id}/rerun',
    'post /v1/runs/{id}/resume',
    'post /v1/runs/{id}/suspend',
    'post /v1/schedules',
    'post /v1/schedules/{name}/pause',
    'post /v1/schedules/{name}/trigger',
    'post /v1/schedules/{name}/unpause',
    'put /v1/policies/{name}',
    'put /v1/schedules/{name}',
  ]);
});

test('each route has a known tag, a summary, and a description of each answer', () => {
  const tags = document.tags.map(({ name }) => name);
  for (const [name, { tags: own = [], summary, responses }] of operations) {
    expect([name, own.filter((tag) => tags.includes(tag)).length]).toEqual([name, 1]);
    expect([name, summary]).toEqual([name, expect.stringMatching(/^[A-Z]/)]);
    expect([name, Object.keys(responses)]).toEqual([name, expect.arrayContaining(['500'])]);
    for (const [status, { description }] of Object.entries(responses)) {
      expect([name, status, description]).toEqual([name, status, expect.not.stringMatching(/Default Response/)]);
    }
  }
});

test('what has a default need not be given', () => {
  const needed = operations.flatMap(([, { parameters = [] }]) => parameters.filter(({ required }) => required));

  expect(needed.filter(({ schema }) => schema.default !== undefined)).toEqual([]);
  expect(needed.filter((parameter) => parameter.in !== 'path').map(({ name }) => name)).toEqual(['query']);
});

test('each part of a path is a described parameter', () => {
  for (const [name, { parameters = [] }] of operations) {
    const inPath = [...name.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
    const described = parameters.filter((parameter) => parameter.in === 'path').map((parameter) => parameter.name);
    expect([name, described]).toEqual([name, inPath]);
  }
});

test('every failure is described as a problem', () => {
  for (const [name, { responses }] of operations.filter(([each]) => !each.endsWith('/health'))) {
    for (const [status, { content = {} }] of Object.entries(responses).filter(([each]) => Number(each) >= 400)) {
      expect([name, status, Object.keys(content)]).toEqual([name, status, ['application/problem+json']]);
    }
  }
});

test('a submission is described with all its fields, in JSON and YAML, with examples', () => {
  const body = document.paths['/v1/runs']!['post']!.requestBody!.content;

  expect(Object.keys(body)).toEqual(['application/json', 'application/yaml']);
  expect(Object.keys(body['application/json']!.schema.properties!)).toEqual(
    expect.arrayContaining(['image', 'recipe', 'policy', 'resources']),
  );
  expect(Object.keys(body['application/json']!.examples ?? {})).toHaveLength(2);
});
