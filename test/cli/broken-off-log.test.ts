import type { IncomingMessage, ServerResponse } from 'node:http';

import { cli, logLine, sampleRun, sendJson, startServer, type TestServer } from './cli-harness';

let server: TestServer | undefined;
afterEach(() => server?.stop());

/** A server whose answers to who reads the log are these, one after the other. */
async function serverOf(...answers: ((response: ServerResponse) => void)[]): Promise<string[]> {
  const run = { ...sampleRun({ state: 'succeeded', endedAt: '2026-01-01T00:00:05.000Z' }), attempts: [], spec: null };
  server = await startServer((request: IncomingMessage, response) => {
    if (request.url?.includes('/logs') !== true) return sendJson(response, run);
    return answers.shift()?.(response);
  });
  return ['--server', server.url, 'logs', 'digits-abc', '--tail', '3'];
}

function linesAndThenNothing(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/x-ndjson' });
  response.write(logLine(7, 'seven') + logLine(8, 'eight'), () => response.destroy());
}

describe('trainyard logs, where the answer breaks off', () => {
  it('goes on after the last line', async () => {
    const args = await serverOf(linesAndThenNothing, (response) => void response.end(logLine(9, 'nine')));

    expect(await cli(args)).toMatchObject({ code: 0, out: 'seven\neight\nnine\n' });
    const asked = server!.requests.filter((request) => request.includes('/logs'));
    expect(asked).toEqual([expect.stringContaining('tail=3'), expect.stringContaining('from=9')]);
    expect(asked[1]).not.toContain('tail');
  });

  it('says what became of the rest', async () => {
    const detail = 'The log was removed on 2026-01-31: it is older than 30 days.';
    const args = await serverOf(linesAndThenNothing, (response) => sendJson(response, { title: 'Gone', detail }, 410));

    const { code, out, err } = await cli(args);

    expect(code).not.toBe(0);
    expect(out).toBe('seven\neight\n');
    expect(err).toContain(detail);
  });
});
