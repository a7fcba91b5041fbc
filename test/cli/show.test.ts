import type { AttemptDetail } from '../../contract/http';
import { specOf } from '../helpers/fake-host';
import { cli, sampleRun, sendJson, startServer, type TestServer } from './cli-harness';

const FAILED: AttemptDetail = {
  number: 1,
  host: 'here',
  form: 'container',
  containerId: 'c0ffee',
  imageDigest: null,
  reason: 'out-of-memory',
  message: 'The container went over its memory limit.',
  exitCode: 137,
  startedAt: '2026-01-01T00:00:00.000Z',
  endedAt: '2026-01-01T00:00:05.000Z',
  logLines: 2,
  logGaps: 0,
  changes: [],
  evidence: {
    signal: 'SIGKILL',
    outOfMemory: true,
    peakMemoryBytes: 63 * 1024 ** 2,
    cpuSeconds: 12.345,
    traceback: { type: 'RuntimeError', message: 'worker died\nsee above' },
    hint: { id: 'memory-limit', sentence: 'Raise `resources.memory`.' },
    step: 40,
    checkpoint: 'epoch-3',
  },
  machine: null,
  nodes: [],
  lastLines: ['step 39', 'step 40'],
};
const SUCCEEDED: AttemptDetail = {
  ...FAILED,
  number: 2,
  reason: 'completed',
  message: 'The command ended with exit code 0.',
  exitCode: 0,
  evidence: null,
  lastLines: ['all is well'],
};

let server: TestServer;
let attempts: AttemptDetail[];
const first = { attempt: 1, reason: 'out-of-memory', message: FAILED.message! } as const;
const run = sampleRun({ state: 'succeeded', reason: 'completed', firstFailure: first });
const spec = { ...specOf({}), resources: { cpus: 1, memory: '64m', shm: '64m', pids: 64 } };

beforeAll(async () => {
  server = await startServer((request, response) => {
    const { pathname } = new URL(request.url!, 'http://server');
    if (pathname.endsWith('/attempts')) return sendJson(response, { items: attempts, next: null });
    if (pathname.endsWith('/events')) return sendJson(response, { items: [], next: null });
    sendJson(response, {
      ...run,
      attempts: attempts.map(({ lastLines: _lines, ...attempt }) => attempt),
      spec,
      pull: null,
    });
  });
});
afterAll(() => server.stop());
beforeEach(() => {
  attempts = [FAILED, SUCCEEDED];
  server.requests.splice(0);
});

const show = (...args: string[]) => cli(['show', 'digits-abc', ...args, '--server', server.url]);

describe('trainyard show', () => {
  it('shows of an attempt that failed all that tells why', async () => {
    const { code, out } = await show();
    expect(code).toBe(0);
    expect(out).toContain(
      [
        '',
        'Attempt 1',
        'reason     out-of-memory',
        'why        The container went over its memory limit.',
        'exit code  137',
        'signal     SIGKILL',
        'hint       Raise `resources.memory`.',
        'exception  RuntimeError: worker died',
        '           see above',
        'memory     at most 63.0 MiB seen in use, of 64m',
        'cpu time   12.3 s',
        'step       40',
        'checkpoint epoch-3',
        'last lines',
        '  | step 39',
        '  | step 40',
        '',
      ].join('\n'),
    );
  });

  it('shows nothing of the kind for one that succeeded', async () => {
    const { out } = await show();
    expect(out).not.toContain('Attempt 2');
    expect(out).not.toContain('all is well');
  });

  it('shows the first failure of a run that ended otherwise', async () => {
    expect((await show()).out).toMatch(
      /^first +attempt 1: out-of-memory: The container went over its memory limit\.$/m,
    );
  });

  it('asks for ten lines, or as many as are wanted', async () => {
    await show();
    await show('--lines', '3');
    const asked = server.requests.filter((request) => request.includes('/attempts'));
    expect(asked).toEqual(['GET /v1/runs/digits-abc/attempts?lines=10', 'GET /v1/runs/digits-abc/attempts?lines=3']);
    expect(await show('--lines', '-1')).toMatchObject({ code: 2, err: expect.stringContaining('from 0 to 1000') });
  });

  it('names the limit that the attempt had where a rule had changed it', async () => {
    attempts = [{ ...FAILED, changes: ['resources.memory: 96m'] }];
    const { out } = await show();
    expect(out).toContain('memory     at most 63.0 MiB seen in use, of 96m\n');
    expect(out).toContain('changed    resources.memory: 96m\n');
  });

  it('is short where little is known', async () => {
    attempts = [
      { ...FAILED, reason: 'queued-timeout', message: 'No host.', exitCode: null, evidence: null, lastLines: [] },
    ];
    expect((await show()).out).toMatch(/\nAttempt 1\nreason {5}queued-timeout\nwhy {8}No host\.\n$/);
  });

  it('has the lines in its JSON, too', async () => {
    const { out } = await show('--json');
    expect(JSON.parse(out)).toMatchObject({ attempts: [{ lastLines: ['step 39', 'step 40'] }, { number: 2 }] });
  });
});
