import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { NamedPolicy } from '../../contract/named-policy';
import type { Tried } from '../../contract/try-policy';
import { cli, sampleRun, sendJson, startServer, type Handler, type TestServer } from './cli-harness';

let handler: Handler;
let server: TestServer;
let folder: string;
/** What was sent with POST and PUT. */
let sent: unknown[];
beforeAll(async () => {
  server = await startServer((request, response) => {
    if (request.body !== '') sent.push(JSON.parse(request.body));
    return handler(request, response);
  });
  folder = mkdtempSync(join(tmpdir(), 'trainyard-cli-'));
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await server.stop();
});
beforeEach(() => {
  server.requests.splice(0);
  sent = [];
});

const on = (...args: string[]): string[] => ['policy', ...args, '--server', server.url];
const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const named = (changes: Partial<NamedPolicy> = {}): NamedPolicy => ({
  name: 'patient',
  version: 3,
  description: 'For flaky hardware.',
  policy: { retries: { attempts: 5 } },
  createdAt: '2026-01-01T00:00:00.000Z',
  file: null,
  deletedAt: null,
  ...changes,
});
const answering =
  (document: unknown, status = 200): Handler =>
  (_, response) =>
    sendJson(response, document, status);

describe('trainyard policy', () => {
  it('lists policies with where they come from', async () => {
    handler = answering({ items: [named(), named({ name: 'strict', file: '/srv/policies/strict.yaml' })], next: null });
    expect((await cli(on('ls'))).out).toBe(
      [
        'NAME     VERSION  FROM                       WHAT FOR',
        'patient  3        the API                    For flaky hardware.',
        'strict   3        /srv/policies/strict.yaml  For flaky hardware.',
        '',
      ].join('\n'),
    );
  });

  it('shows the version that is named, in YAML', async () => {
    handler = answering(named({ version: 2 }));
    const { out, code } = await cli(on('show', 'patient@2'));
    expect(server.requests).toEqual(['GET /v1/policies/patient?version=2']);
    expect(out).toBe(
      'name     patient\nversion  2, since 2026-01-01T00:00:00.000Z\nwhat for For flaky hardware.\n\nretries:\n  attempts: 5\n',
    );
    expect(code).toBe(0);
  });

  it('lists the versions of a policy', async () => {
    handler = answering({ items: [named(), named({ version: 2 })], next: null });
    const { out } = await cli(on('show', 'patient', '--versions'));
    expect(server.requests).toEqual(['GET /v1/policies/patient/versions']);
    expect(out.split('\n').map((line) => line.split(' ')[0])).toEqual(['VERSION', '3', '2', '']);
  });

  it.each([
    [4, /^$/],
    [3, /has this content already/],
  ])('puts what a file holds, and prints version %i alone on standard output', async (version, err) => {
    const list = { items: [named()], next: null };
    handler = (request, response) => sendJson(response, request.method === 'PUT' ? named({ version }) : list);
    const path = file('patient.yaml', 'name: patient\ndescription: For flaky hardware.\npolicy: {}\n');
    const result = await cli(on('put', path));
    expect(server.requests.at(-1)).toBe('PUT /v1/policies/patient');
    expect(sent).toEqual([{ name: 'patient', description: 'For flaky hardware.', policy: {} }]);
    expect(result).toMatchObject({ code: 0, out: `patient@${version}\n`, err: expect.stringMatching(err) });
  });

  it('removes a policy', async () => {
    handler = (_, response) => void response.writeHead(204).end();
    expect(await cli(on('rm', 'patient'))).toMatchObject({ code: 0, out: 'patient is deleted\n' });
    expect(server.requests).toEqual(['DELETE /v1/policies/patient']);
  });

  it('tells what the server refuses, with every fault', async () => {
    handler = answering({ title: 'Not valid', errors: [{ path: 'description', message: 'is missing' }] }, 400);
    const path = file('bad.yaml', 'name: bad\n');
    handler = (request, response) =>
      request.method === 'PUT'
        ? sendJson(response, { title: 'Not valid', errors: [{ path: 'description', message: 'is missing' }] }, 400)
        : sendJson(response, { items: [], next: null });
    expect(await cli(on('put', path))).toMatchObject({
      code: 2,
      err: 'error: Not valid\n  description: is missing\n',
    });
  });

  it.each<[string, () => string[], RegExp]>([
    [
      'a file without a name',
      () => ['put', file('anon.yaml', 'policy: {}\n')],
      /names no policy; write a field such as/,
    ],
    ['a file that is none', () => ['put', 'no-such-file.yaml'], /cannot be read/],
    ['a file that is no YAML', () => ['put', file('no.yaml', 'a: [')], /is neither YAML nor JSON/],
    ['a name that is none', () => ['show', 'Not A Name'], /write the name of a policy/],
    ['a trial on nothing', () => ['try', 'patient'], /--runs, --recipe with --last, or --outcomes/],
    ['too many runs', () => ['try', 'patient', '--last', '101'], /from 1 to 100/],
  ])('refuses %s with exit code 2', async (_, args, message) => {
    expect(await cli(on(...args()))).toMatchObject({ code: 2, err: expect.stringMatching(message) });
  });
});

describe('trainyard policy try', () => {
  const TRIED: Tried = {
    runId: 'digits-abc',
    verdict: 'Would have stopped after attempt 2; the run made 3.',
    differs: true,
    attempts: [
      {
        attempt: 1,
        reason: 'exit-code',
        exitCode: 1,
        message: 'The command ended with exit code 1.',
        decision: 'retry',
        delay: '10s',
        changes: ['resources.memory: 3g'],
        because: 'attempt 2 of 2',
        differs: null,
      },
      {
        attempt: 2,
        reason: 'host-lost',
        exitCode: null,
        message: 'The host did not answer.',
        decision: 'stop',
        delay: null,
        changes: [],
        because: 'all are used',
        differs: 'The run went on with attempt 3.',
      },
    ],
    notes: ['Its log is gone.'],
  };
  const trying: Handler = (request, response) => {
    if (request.method === 'POST') return sendJson(response, { items: [TRIED], next: null });
    if (request.url!.startsWith('/v1/runs?')) {
      return sendJson(response, { items: [sampleRun({ id: 'one' }), sampleRun({ id: 'two' })], next: null });
    }
    return sendJson(response, sampleRun());
  };
  beforeEach(() => (handler = trying));

  it('shows each attempt with the decision, why, and where the run went another way', async () => {
    const { out, err } = await cli(on('try', 'patient', '--runs', 'digits-abc'));
    expect(out).toBe(
      [
        'digits-abc  Would have stopped after attempt 2; the run made 3.',
        '  #  ENDED          THEN                                       BECAUSE',
        '  1  exit-code (1)  retry after 10s with resources.memory: 3g  attempt 2 of 2',
        '  2  host-lost      stop                                       all are used  [The run went on with attempt 3.]',
        '  Its log is gone.',
        '',
      ].join('\n'),
    );
    expect(err).toBe('1 run, of which 1 would have gone another way. Nothing was run or kept.\n');
    expect(sent).toEqual([{ policy: 'patient', runs: ['digits-abc'] }]);
  });

  it.each([
    ['a policy', 'name: mine\ndescription: Mine.\npolicy: { retries: { attempts: 2 } }\n'],
    ['a run spec', 'image: a\npolicy: { retries: { attempts: 2 } }\n'],
    ['what a policy says', 'retries: { attempts: 2 }\n'],
  ])('takes a file that is %s', async (_, text) => {
    await cli(on('try', file('try.yaml', text), '--runs', 'one', 'two'));
    expect(sent).toEqual([{ policy: { retries: { attempts: 2 } }, runs: ['one', 'two'] }]);
  });

  it('takes the newest ended runs of a recipe', async () => {
    await cli(on('try', 'patient', '--recipe', 'digits', '--last', '7'));
    expect(server.requests[0]).toBe('GET /v1/runs?recipe=digits&state=succeeded%2Cfailed%2Ccancelled&limit=7');
    expect(sent).toEqual([{ policy: 'patient', runs: ['one', 'two'] }]);
  });

  it.each([
    ['a list', '[{ reason: host-lost }]'],
    ['a list under its name', 'outcomes: [{ reason: host-lost }]'],
  ])('takes outcomes from a file that is %s', async (_, text) => {
    await cli(on('try', 'patient', '--outcomes', file('outcomes.yaml', text)));
    expect(sent).toEqual([{ policy: 'patient', outcomes: [{ reason: 'host-lost' }] }]);
  });

  it('prints the answer of the server with --json', async () => {
    const { out } = await cli(on('try', 'patient', '--runs', 'digits-abc', '--json'));
    expect(JSON.parse(out)).toEqual({ items: [TRIED], next: null });
  });
});
