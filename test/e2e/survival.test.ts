import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Run } from '../../contract/run';
import { TEST_DOCKER_HOST } from '../helpers/engine';
import { watchEvents, type EngineEvents } from '../helpers/engine-events';
import { getRun, inState, logLines, post, request, shellRun, submit } from '../helpers/runs';
import { isAlive, startServer, type TestServer } from '../helpers/server';
import { until } from '../helpers/until';

jest.setTimeout(180_000);

const folder = mkdtempSync(join(tmpdir(), 'trainyard-engine-'));
const socket = join(folder, 'docker.sock');
let server: TestServer;
let events: EngineEvents;

/** The server begins with an engine that is away: its socket is not there yet. */
beforeAll(async () => {
  events = watchEvents(TEST_DOCKER_HOST);
  server = await startServer({ env: { DOCKER_HOST: `unix://${socket}` } });
});

afterAll(async () => {
  events.stop();
  expect(await server.dispose()).toEqual([]);
  rmSync(folder, { recursive: true });
});

/** Prints its line number every tenth of a second until the test says that it is enough, however long the test takes. */
const TICKER = 'i=1; while [ ! -e /artifacts/enough ]; do echo $i; i=$((i+1)); sleep 0.1; done';
/** Enough for a busy machine to start a process again and to read up. */
const PATIENT = { timeoutMs: 60_000 };

async function hasLines(id: string, count: number): Promise<void> {
  await until(async () => (await logLines(server.url, id)).length > count, PATIENT);
}

describe('a server whose parts go away', () => {
  it('accepts a run while the engine is away, says what it waits for, and runs it when the engine is back', async () => {
    const id = await submit(server.url, shellRun('echo here at last'));
    const waiting = await until(async () => {
      const run = await getRun(server.url, id);
      return run.state === 'queued' && run.message !== null && run;
    });
    expect(waiting.message).toMatch(/engine/i);
    symlinkSync(TEST_DOCKER_HOST.replace('unix://', ''), socket);
    await inState(server.url, id, 'succeeded');
    expect(await logLines(server.url, id)).toEqual(['here at last']);
  });

  it('keeps three trainings and each of their lines when its processes are killed and it is stopped and started', async () => {
    const ids = await Promise.all([1, 2, 3].map(() => submit(server.url, shellRun(TICKER))));
    await Promise.all(ids.map((id) => hasLines(id, 20)));

    const worker = server.pidOf('worker')!;
    process.kill(worker, 'SIGKILL');
    await until(() => server.pidOf('worker') !== undefined && server.pidOf('worker') !== worker, PATIENT);
    await until(() => server.output().includes('The worker ended (SIGKILL) and is started again in 0.2 s'));
    await Promise.all(ids.map((id) => hasLines(id, 70)));

    process.kill(server.pidOf('temporal')!, 'SIGKILL');
    process.kill(server.pidOf('api')!, 'SIGKILL');
    await hasLines(ids[0]!, 100);

    expect(await server.stop()).toBe(0);
    expect(server.output()).toContain('Stopping. 3 runs go on in containers');
    await server.restart();

    for (const id of ids) writeFileSync(join(server.data, 'artifacts', id, 'enough'), '');
    for (const id of ids) {
      const run = await inState(server.url, id, 'succeeded');
      const lines = await logLines(server.url, id);
      expect(lines).toEqual(lines.map((_, index) => String(index + 1)));
      expect(run.attempts).toMatchObject([{ logLines: lines.length, logGaps: 0 }]);
      expect(await events.startsOf(id)).toBe(1);
    }
  });

  it('answers 503 with Retry-After while Temporal is away, and makes nothing', async () => {
    const count = async (): Promise<number> =>
      (await request<{ items: Run[] }>(`${server.url}/v1/runs`)).body.items.length;
    const before = await count();
    const temporal = server.pidOf('temporal')!;
    process.kill(temporal, 'SIGSTOP');
    try {
      const { status, headers, body } = await post<{ type: string }>(`${server.url}/v1/runs`, shellRun('true'));
      expect(status).toBe(503);
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
      expect(body.type).toBe('urn:trainyard:problem:temporal-unavailable');
      expect(await count()).toBe(before);
    } finally {
      process.kill(temporal, 'SIGCONT');
    }
    const id = await until(() => submit(server.url, shellRun('true')), PATIENT);
    await inState(server.url, id, 'succeeded');
  });

  describe('whose worker is away over a limit of silence', () => {
    const silence = (limit: string) => ({ policy: { timeouts: { silence: limit, grace: '1s' } } });
    const container = (id: string): string =>
      execFileSync('docker', ['ps', '--quiet', '--filter', `label=trainyard.run=${id}`], { encoding: 'utf8' }).trim();
    const printed = (id: string): number =>
      execFileSync('docker', ['logs', container(id)], { encoding: 'utf8' }).split('\n').length - 1;

    it('does not take for silent what printed while the worker stood still for longer than the limit', async () => {
      const id = await submit(server.url, shellRun('for i in $(seq 30); do echo $i; sleep 0.5; done', silence('5s')));
      await inState(server.url, id, 'running');
      const worker = server.pidOf('worker')!;
      process.kill(worker, 'SIGSTOP');
      const before = printed(id);
      await until(() => printed(id) >= before + 16, { ...PATIENT, everyMs: 500 });
      process.kill(worker, 'SIGCONT');

      expect(await inState(server.url, id, 'succeeded')).toMatchObject({ attempt: 1 });
      expect(await logLines(server.url, id)).toHaveLength(30);
    });

    it('finds silence all the same when the worker is killed in the middle of it', async () => {
      const id = await submit(server.url, shellRun('echo one; sleep 600', silence('10s')));
      await until(async () => (await logLines(server.url, id)).length === 1, PATIENT);
      await inState(server.url, id, 'running');
      process.kill(server.pidOf('worker')!, 'SIGKILL');

      expect(await inState(server.url, id, 'failed', 120_000)).toMatchObject({ reason: 'silent', attempt: 1 });
      expect(await logLines(server.url, id)).toEqual(['one']);
    });
  });

  it('leaves no process behind when its supervisor is killed', async () => {
    const pids = (['temporal', 'worker', 'api'] as const).map((part) => server.pidOf(part)!);
    expect(pids.every((pid) => isAlive(pid))).toBe(true);
    process.kill(server.supervisor, 'SIGKILL');
    await until(() => pids.every((pid) => !isAlive(pid)), { timeoutMs: 30_000 });
    expect(existsSync(join(server.data, 'server.lock'))).toBe(true);
    await server.restart();
    const id = await submit(server.url, shellRun('true'));
    await inState(server.url, id, 'succeeded');
  });
});
