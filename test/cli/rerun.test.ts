import { cli, sampleRun, sendJson, startServer, type Handler, type TestServer } from './cli-harness';

let handler: Handler;
let server: TestServer;
beforeAll(async () => {
  server = await startServer((request, response) => handler(request, response));
});
afterAll(() => server.stop());
beforeEach(() => server.requests.splice(0));

const on = (...args: string[]): string[] => [...args, '--server', server.url];

describe('trainyard rerun', () => {
  let sent: { body: unknown; key: unknown } | undefined;
  beforeEach(() => {
    sent = undefined;
    handler = (request, response) => {
      if (request.method === 'GET') return sendJson(response, sampleRun());
      sent = { body: JSON.parse(request.body), key: request.headers['idempotency-key'] };
      sendJson(response, sampleRun({ id: 'digits-new', rerunOf: 'digits-abc' }), 202);
    };
  });

  it('asks for the run again, with an idempotency key, and prints the new id alone on standard output', async () => {
    const { code, out, err } = await cli(on('rerun', 'digits-abc'));

    expect({ code, out }).toEqual({ code: 0, out: 'digits-new\n' });
    expect(err).toContain('trainyard logs -f digits-new');
    expect(server.requests.at(-1)).toBe('POST /v1/runs/digits-abc/rerun');
    expect(sent).toEqual({ body: { by: 'tester' }, key: expect.stringMatching(/^[0-9a-f-]{36}$/) });
  });

  it('sends changes from a file with those of the command line over them', async () => {
    const args = ['--file', '-', '--set', 'params.epochs=5', '-p', 'rate=0.1', '-n', 'longer', '-l', 'team=vision'];
    await cli(on('rerun', 'digits-abc', ...args, '--idempotency-key', 'mine'), {
      input: 'params: { epochs: 4, flag: true }\nresources: { memory: 4g }\n',
    });

    expect(sent).toEqual({
      body: {
        by: 'tester',
        changes: {
          name: 'longer',
          params: { epochs: 5, flag: true, rate: 0.1 },
          labels: { team: 'vision' },
          resources: { memory: '4g' },
        },
      },
      key: 'mine',
    });
  });

  it('asks for the very same image with --exact', async () => {
    expect(await cli(on('rerun', 'digits-abc', '--exact', '--json'))).toMatchObject({ code: 0 });
    expect(sent?.body).toEqual({ exact: true, by: 'tester' });
  });

  it('shows why a run cannot be repeated, and exits with 2', async () => {
    handler = (request, response) =>
      request.method === 'GET'
        ? sendJson(response, sampleRun())
        : sendJson(response, { title: 'The run cannot be repeated', detail: 'No container of the run.' }, 409);

    expect(await cli(on('rerun', 'digits-abc', '--exact'))).toMatchObject({
      code: 2,
      err: 'error: No container of the run.\n',
    });
  });

  it('refuses a file that is not there', async () => {
    expect((await cli(on('rerun', 'digits-abc', '--file', 'no-such-file.yaml'))).code).toBe(2);
  });
});

const RECEIPT = {
  attempts: [
    {
      architecture: 'x86_64',
      changes: ['resources.memory: 96m'],
      endedAt: '2026-01-01T00:01:00.000Z',
      engineVersion: '26.1.5',
      exitCode: 0,
      form: 'container',
      gpuDriver: null,
      host: 'here',
      image: 'trainyard/digits:1',
      imageDigest: null,
      imageId: 'sha256:1',
      kernel: '6.1.0',
      number: 1,
      reason: 'completed',
      startedAt: '2026-01-01T00:00:01.000Z',
    },
  ],
  id: 'digits-abc',
  name: 'digits',
  params: { epochs: 3 },
  policy: null,
  recipe: 'digits',
  rerunOf: 'digits-abb',
  spec: { command: ['true'], image: 'trainyard/digits:1' },
  specHash: 'c0ffee',
  state: 'succeeded',
  trainyard: '0.1.0',
};

describe('trainyard receipt', () => {
  beforeEach(() => {
    handler = ({ url }, response) => sendJson(response, url?.endsWith('/receipt') ? RECEIPT : sampleRun());
  });

  it('shows what is known, and the spec as YAML', async () => {
    const { code, out } = await cli(on('receipt', 'digits-abc'));

    expect(code).toBe(0);
    expect(out).toBe(`id         digits-abc
name       digits
state      succeeded
recipe     digits
rerun of   digits-abb
spec hash  c0ffee
trainyard  0.1.0

Attempt 1
host       here
image      trainyard/digits:1
image id   sha256:1
engine     26.1.5
kernel     6.1.0 x86_64
changed    resources.memory: 96m
started    2026-01-01T00:00:01.000Z
ended      2026-01-01T00:01:00.000Z
reason     completed
exit code  0

Spec
command:
  - "true"
image: trainyard/digits:1
`);
  });

  it('says of a local process that it had no image', async () => {
    const attempts = [{ ...RECEIPT.attempts[0], form: 'process', imageId: null }];
    handler = ({ url }, response) =>
      sendJson(response, url?.endsWith('/receipt') ? { ...RECEIPT, attempts } : sampleRun());

    const { out } = await cli(on('receipt', 'digits-abc'));
    expect(out).toContain('as         local process, without the image\n');
    expect(out).not.toContain('image      ');
  });

  it('prints it as it was sent with --json, to be kept', async () => {
    const { out } = await cli(on('receipt', 'digits-abc', '--json'));

    expect(out).toBe(`${JSON.stringify(RECEIPT, null, 2)}\n`);
  });
});

it('lists the reruns of a run, and shows of which run one is', async () => {
  const run = sampleRun({ rerunOf: 'digits-abb', state: 'succeeded' });
  handler = ({ url }, response) => {
    if (url?.startsWith('/v1/runs?')) return sendJson(response, { items: [run], next: null });
    const isList = /[/](events|attempts)/.test(url ?? '');
    sendJson(response, isList ? { items: [], next: null } : { ...run, attempts: [] });
  };
  await cli(on('ls', '--rerun-of', 'digits-abb'));

  expect(server.requests).toEqual(['GET /v1/runs?limit=20&rerunOf=digits-abb']);
  expect((await cli(on('show', 'digits-abc'))).out).toContain('rerun of   digits-abb\n');
});
