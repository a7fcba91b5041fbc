import type { Run } from '../../contract/run';
import { until } from '../helpers/until';
import { cli, logLine, sampleRun, sendJson, startCli, startServer, type TestServer } from './cli-harness';

const END = { message: 'The command ended with exit code 0.', endedAt: '2026-01-01T00:00:05.000Z' };
const servers: TestServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop().catch(() => undefined)));
});

/** A server with one run and its log; both can be changed while it is followed. */
async function serverWith(state: { run: Run; lines: string[]; closed: boolean }): Promise<TestServer> {
  const server = await startServer(async (request, response) => {
    const url = new URL(request.url ?? '', 'http://x');
    if (request.method === 'POST') return sendJson(response, state.run, 202);
    if (url.pathname.endsWith('/events')) return sendJson(response, { items: [], next: null });
    if (!url.pathname.endsWith('/logs')) return sendJson(response, { ...state.run, attempts: [], spec: null });
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    // An empty line, as of a server that has nothing to tell yet.
    response.write('\n');
    let next = Number(url.searchParams.get('from') ?? 1);
    while (!response.destroyed) {
      while (next <= state.lines.length) response.write(logLine(next, state.lines[next++ - 1]!));
      if (state.closed) return void response.end();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  });
  servers.push(server);
  return server;
}

describe('trainyard run --follow', () => {
  const follow = (server: TestServer): string[] => ['--server', server.url, 'run', '-r', 'digits', '--follow'];

  it.each([
    ['succeeded', 0],
    ['failed', 1],
    ['cancelled', 3],
  ] as const)('tells a run that %s by the exit code %i', async (ended, code) => {
    const server = await serverWith({ run: sampleRun({ ...END, state: ended }), lines: ['a', 'b'], closed: true });
    const result = await cli(follow(server));
    expect(result.code).toBe(code);
    expect(result.out).toBe('a\nb\n');
    expect(result.err).toContain(`digits-abc ${ended} after 4 s. The command ended with exit code 0.`);
  });

  it('tells of a gap on standard error, in its place, and prints the lines alone', async () => {
    const gap = { number: 2, attempt: 1, stream: 'system', note: 'gap', text: 'gap: lines are missing' };
    const server = await startServer((request, response) => {
      const run = sampleRun({ ...END, state: 'succeeded' });
      if (request.method === 'POST') return sendJson(response, run, 202);
      if (request.url?.includes('/events')) return sendJson(response, { items: [], next: null });
      if (!request.url?.includes('/logs')) return sendJson(response, { ...run, attempts: [], spec: null });
      response.end(logLine(1, 'a') + `${JSON.stringify(gap)}\n` + logLine(3, 'b'));
    });
    servers.push(server);

    expect(await cli(follow(server))).toMatchObject({
      out: 'a\nb\n',
      err: expect.stringContaining('· line 2: gap: lines are missing\n'),
    });
  });

  it('goes on after the last line when the server was away, with every line once', async () => {
    const state = { run: sampleRun(), lines: ['1', '2'], closed: false };
    const server = await serverWith(state);
    const following = startCli(follow(server));
    await until(() => following.soFar.out === '1\n2\n');
    await server.stop();
    await until(() => following.soFar.err.includes('The server does not answer'));
    state.lines.push('3', '4');
    Object.assign(state, { closed: true, run: sampleRun({ ...END, state: 'succeeded' }) });
    await server.restart();
    const result = await following.result;
    expect(result).toMatchObject({ code: 0, out: '1\n2\n3\n4\n' });
    expect(result.err).toContain('The server is back.');
    expect(server.requests.some((request) => request.includes('from=3'))).toBe(true);
  });

  it('does not take the end of an answer for the end of the run', async () => {
    const state = { run: sampleRun(), lines: ['1'], closed: true };
    const server = await serverWith(state);
    const following = startCli(follow(server));
    await until(() => server.requests.filter((request) => request.includes('from=2')).length > 0);
    state.lines.push('2');
    state.run = sampleRun({ ...END, state: 'succeeded' });
    expect(await following.result).toMatchObject({ code: 0, out: '1\n2\n' });
  });

  it('lets go of the run on Ctrl-C and says how to see and how to cancel it', async () => {
    const server = await serverWith({ run: sampleRun(), lines: ['1'], closed: false });
    const following = startCli(follow(server));
    await until(() => following.soFar.out === '1\n');
    following.interrupt();
    const result = await following.result;
    expect(result.code).toBe(130);
    expect(result.err).toContain('The run digits-abc goes on.');
    expect(result.err).toContain('trainyard cancel digits-abc');
    expect(server.requests.some((request) => request.includes('/cancel'))).toBe(false);
  });

  it('shows of a line that was written over the last state on a terminal, and all of it elsewhere', async () => {
    const bar = ' 50%\r100%';
    const server = await serverWith({ run: sampleRun({ ...END, state: 'succeeded' }), lines: [bar], closed: true });
    expect((await cli(follow(server), { columns: 80 })).out).toBe('100%\n');
    expect((await cli(follow(server))).out).toBe(`${bar}\n`);
  });

  it('draws where the run stands below its lines on a terminal, and takes it away at the end', async () => {
    const state = { run: sampleRun(), lines: ['{"epoch": 2, "loss": 0.1}'], closed: false };
    const server = await serverWith(state);
    const following = startCli(follow(server), { columns: 200 });
    await until(() => following.soFar.err.includes('epoch 2/3'));
    Object.assign(state, { closed: true, run: sampleRun({ ...END, state: 'succeeded' }) });
    const { err } = await following.result;
    expect(err).toMatch(/digits-abc running .* {2}━{16}─{8} epoch 2\/3/);
    expect(err.split('\u001b[K').at(-1)).toBe('digits-abc succeeded after 4 s. The command ended with exit code 0.\n');
  });

  it('prints one JSON document a line with --json, the run last', async () => {
    const server = await serverWith({ run: sampleRun({ ...END, state: 'failed' }), lines: ['a'], closed: true });
    const { out, code } = await cli(['--json', ...follow(server)]);
    const documents = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string });
    expect(code).toBe(1);
    expect(documents).toMatchObject([
      { type: 'log', line: { text: 'a' } },
      { type: 'run', run: { state: 'failed' } },
    ]);
  });
});
