import { cli, sampleRun, sendJson, startServer, type Handler, type TestServer } from './cli-harness';

let handler: Handler;
let server: TestServer;
beforeAll(async () => {
  server = await startServer((request, response) => handler(request, response));
});
afterAll(() => server.stop());
beforeEach(() => server.requests.splice(0));

const on = (...args: string[]): string[] => [...args, '--server', server.url];

describe('trainyard', () => {
  it('shows every fault of a refused input on a line of its own, and exits with 2', async () => {
    handler = (_, response) =>
      sendJson(
        response,
        {
          title: 'The input is not valid',
          detail: 'image: a; name: b',
          errors: [
            { path: 'image', message: 'write an image name' },
            { path: '', message: 'one more' },
          ],
        },
        400,
      );
    const { code, err } = await cli(on('run', '--recipe', 'digits'));
    expect(code).toBe(2);
    expect(err).toBe('error: The input is not valid\n  image: write an image name\n  one more\n');
  });

  it('says where it looked for the server and how to start one, and exits with 4', async () => {
    const { code, err } = await cli(['ls', '--server', 'http://127.0.0.1:9']);
    expect(code).toBe(4);
    expect(err).toMatch(/^error: No server answers at http:\/\/127\.0\.0\.1:9 \(.+\); start one with "trainyard up"/);
  });

  it('exits with 4 while the server has no Temporal', async () => {
    handler = (_, response) =>
      sendJson(response, { title: 'Temporal does not answer', detail: 'Temporal is away.' }, 503);
    expect(await cli(on('run', '-r', 'digits'))).toMatchObject({ code: 4, err: 'error: Temporal is away.\n' });
  });

  it.each([
    [['run']],
    [['ls', '--state', 'sleeping']],
    [['ls', '--limit', '0']],
    [['logs', 'x', '--tail', 'many']],
    [['nonsense']],
    [['ls', '--nonsense']],
    [['up', '--port', '70000']],
    [['run', 'no-such-file.yaml']],
  ])('refuses %j with exit code 2', async (args) => {
    const { code, err } = await cli(args);
    expect(code).toBe(2);
    expect(err).toMatch(/^error: /);
  });

  it.each([
    ['--cpus', 'many', 'Write a number of CPUs from 0.01 to 1024, or thousandths such as 500m.'],
    ['--cpus', '0', 'Write a number of CPUs from 0.01 to 1024, or thousandths such as 500m.'],
    ['--memory', '4', 'Write a size with its unit, such as 500m or 4g.'],
    ['--gpu-memory', 'much', 'Write a size with its unit, such as 500m or 4g.'],
    ['--gpus', '65', 'Write a whole number from 0 to 64.'],
    ['--nodes', '0', 'Write a whole number from 1 to 64.'],
    ['--priority', '101', 'Write a whole number from 0 to 100.'],
  ])('refuses %s %s by the name of the option, with its mend', async (option, value, mend) => {
    const { code, err } = await cli(on('run', '-r', 'digits', option, value));
    expect(code).toBe(2);
    expect(err).toMatch(new RegExp(`^error: option '${option} <.+>' argument '${value}' is invalid\\. ${mend}\n`));
    expect(server.requests).toEqual([]);
  });

  it('sends what a run may use of its host as the options say it', async () => {
    let sent: unknown;
    handler = (request, response) => {
      sent = JSON.parse(request.body);
      sendJson(response, sampleRun(), 202);
    };
    const options = ['--cpus', '2.5', '--memory', '4G', '--gpus', '2', '--nodes', '3', '--priority', '0'];
    expect(await cli(on('run', '-r', 'digits', ...options))).toMatchObject({ code: 0 });
    expect(sent).toEqual({
      recipe: 'digits',
      resources: { cpus: 2.5, memory: '4G', gpus: 2 },
      nodes: 3,
      priority: 0,
      owner: 'tester',
    });
  });

  it('sends a submission with an idempotency key and prints the id alone on standard output', async () => {
    let sent: { body: unknown; key: unknown } | undefined;
    handler = (request, response) => {
      sent = { body: JSON.parse(request.body), key: request.headers['idempotency-key'] };
      sendJson(response, sampleRun(), 202);
    };
    const { code, out } = await cli(on('run', '-', '-p', 'epochs=3'), { input: 'image: a:1' });
    expect({ code, out }).toEqual({ code: 0, out: 'digits-abc\n' });
    expect(sent).toEqual({
      body: { image: 'a:1', params: { epochs: 3 }, owner: 'tester' },
      key: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
  });

  it('lists runs in a table and passes the filters on', async () => {
    handler = (_, response) =>
      sendJson(response, {
        items: [sampleRun(), sampleRun({ id: 'b', state: 'failed', message: 'Why.' })],
        next: null,
      });
    const { out } = await cli(on('ls', '-s', 'failed', '-s', 'running', '-l', 'team=vision', '-n', '5'));
    expect(server.requests).toEqual(['GET /v1/runs?limit=5&state=failed%2Crunning&label=team%3Avision']);
    const lines = out.split('\n');
    expect(lines[0]).toMatch(/^ID {10}STATE {4}CREATED/);
    expect(lines[1]).toMatch(/^digits-abc {2}running {2}/);
    expect(lines[2]).toMatch(/^b {11}failed {3}.*Why\.$/);
  });

  it('takes the beginning of an id that one run has, and refuses one that more have', async () => {
    handler = (request, response) => {
      const url = new URL(request.url ?? '', 'http://x');
      const items = [sampleRun({ id: 'digits-abc' }), sampleRun({ id: 'digits-abd' }), sampleRun({ id: 'x-digits-a' })];
      if (url.pathname === '/v1/runs')
        return sendJson(response, {
          items: items.filter(({ id }) => id.includes(url.searchParams.get('text')!)),
          next: null,
        });
      if (url.pathname === '/v1/runs/digits-abc/cancel') return sendJson(response, sampleRun(), 202);
      sendJson(response, { title: 'not found' }, url.pathname === '/v1/runs/digits-abc' ? 200 : 404);
    };
    expect(await cli(on('cancel', 'digits-abc'))).toMatchObject({ code: 0, out: 'digits-abc is asked to end\n' });
    expect((await cli(on('cancel', 'digits-a'))).err).toContain('2 runs begin with digits-a: digits-abc, digits-abd');
    expect((await cli(on('cancel', 'nothing'))).err).toContain('No run has the id nothing');
  });

  it('suspends and resumes runs, and can wait until they are suspended', async () => {
    const asked: string[] = [];
    let looks = 0;
    handler = (request, response) => {
      const { pathname } = new URL(request.url!, server.url);
      if (request.method === 'POST') asked.push(`${pathname} ${request.body}`);
      if (pathname.endsWith('/events')) return sendJson(response, { items: [], next: null });
      if (request.method === 'GET') looks += 1;
      const state = looks > 2 ? 'suspended' : 'stopping';
      sendJson(response, { ...sampleRun(), id: 'digits-abc', state, message: 'Suspended by tester.' });
    };
    expect(await cli(on('suspend', 'digits-abc'))).toMatchObject({
      code: 0,
      out: 'digits-abc is asked to give up its container\n',
    });
    looks = 0;
    expect(await cli(on('suspend', 'digits-abc', '--wait'))).toMatchObject({
      code: 0,
      out: 'digits-abc is asked to give up its container\ndigits-abc is suspended. Suspended by tester.\n',
    });
    expect(await cli(on('resume', 'digits-abc'))).toMatchObject({ code: 0, out: 'digits-abc is asked to go on\n' });
    expect(asked).toEqual(
      ['suspend', 'suspend', 'resume'].map((verb) => `/v1/runs/digits-abc/${verb} {"by":"tester"}`),
    );
  });

  it('tells by its exit code that a run ended before it was suspended', async () => {
    handler = (request, response) => {
      if (request.url?.includes('/events')) return sendJson(response, { items: [], next: null });
      sendJson(response, { ...sampleRun(), id: 'digits-abc', state: 'succeeded', message: 'It ended.' });
    };
    expect((await cli(on('suspend', 'digits-abc', '--wait'))).code).toBe(1);
  });

  it('cancels the other runs when one id is wrong, and tells by the exit code', async () => {
    handler = (request, response) => {
      if (request.url?.startsWith('/v1/runs/digits-abc')) return sendJson(response, sampleRun(), 202);
      if (request.url?.startsWith('/v1/runs?')) return sendJson(response, { items: [], next: null });
      sendJson(response, { title: 'not found' }, 404);
    };
    const { code, out, err } = await cli(on('cancel', 'wrong', 'digits-abc'));
    expect({ code, out }).toEqual({ code: 2, out: 'digits-abc is asked to end\n' });
    expect(err).toContain('No run has the id wrong');
  });

  it('changes limits and labels of a run, and says what they are now', async () => {
    let sent: unknown;
    handler = (request, response) => {
      if (request.method === 'PATCH') sent = JSON.parse(request.body);
      const policy = { timeouts: { running: '20h' } };
      sendJson(response, { ...sampleRun({ labels: { kept: 'a=b' } }), spec: { policy } });
    };
    const options = ['--timeout', 'running=20h', '-t', 'silence=off', '--label', 'kept=a=b'];
    const { code, out } = await cli(on('change', 'digits-abc', ...options));
    expect({ code, out }).toEqual({ code: 0, out: 'digits-abc is changed: running 20h, silence off, kept=a=b\n' });
    expect(sent).toEqual({
      policy: { timeouts: { running: '20h', silence: null } },
      labels: { kept: 'a=b' },
      by: 'tester',
    });
    await cli(on('change', 'digits-abc', '--label', 'a=b', '--by', 'ada'));
    expect(sent).toEqual({ labels: { a: 'b' }, by: 'ada' });
  });

  it.each([[[]], [['--timeout', 'running']], [['--label', '=x']]])('refuses to change nothing: %j', async (options) => {
    const { code, err } = await cli(on('change', 'digits-abc', ...options));
    expect(code).toBe(2);
    expect(err).toMatch(/^error: /);
    expect(server.requests).toEqual([]);
  });

  it('makes a schedule from options, in UTC where no time zone is named', async () => {
    let body: unknown;
    handler = (request, response) => {
      body = JSON.parse(request.body);
      sendJson(response, { name: 'nightly', nextTimes: [] }, 201);
    };
    const { code } = await cli(
      on('schedule', 'create', 'nightly', '--cron', '0 3 * * *', '-r', 'digits', '-p', 'epochs=5', '--overlap', 'skip'),
    );
    expect(code).toBe(0);
    const run = { recipe: 'digits', params: { epochs: 5 }, owner: 'tester' };
    expect(body).toEqual({ name: 'nightly', cron: '0 3 * * *', timeZone: 'UTC', overlap: 'skip', run });
  });

  it('prints errors as JSON with --json', async () => {
    handler = (_, response) =>
      sendJson(response, { title: 'The input is not valid', errors: [{ path: 'a', message: 'b' }] }, 400);
    const { err } = await cli(on('run', '-r', 'digits', '--json'));
    expect(JSON.parse(err)).toEqual({
      error: 'The input is not valid',
      status: 400,
      errors: [{ path: 'a', message: 'b' }],
    });
  });

  it('documents its exit codes', async () => {
    const { code, out } = await cli(['--help']);
    expect(code).toBe(0);
    expect(out).toContain('3    with --follow: the run was cancelled');
  });
});
