import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { AttemptDetail } from '../../contract/http';
import { TEST_IMAGE } from '../helpers/engine';
import { inState, logLines, request, shellRun, submit } from '../helpers/runs';
import { runCli, temporalCli } from '../helpers/server';
import { sharedServer, type SharedServer } from '../helpers/shared-server';
import { until } from '../helpers/until';

jest.setTimeout(180_000);

const MEBIBYTE = 1024 ** 2;
const SMALL = { resources: { memory: '64m', cpus: 1 } };

const pythonRun = (code: string, more: object = {}): object => ({
  image: TEST_IMAGE,
  pullPolicy: 'never',
  command: ['python3', '-u', '-c', code],
  ...more,
});

const AWAIT_GO = 'while not os.path.exists("/artifacts/go"): time.sleep(0.05)';
// The wait keeps its two streams in order, which an engine does only where it has done with one before the other.
const RAISE = `
import os, time
for step in range(1, 61): print(f"step {step}/60")
${AWAIT_GO}
raise ValueError("batch 7 is bad\\nsee the data")`;
const GROW = `import os, time\nx = bytearray(52 * 1024 ** 2)\n${AWAIT_GO}\ny = bytearray(512 * 1024 ** 2)`;
const CHILD = 'python3 -c "x = bytearray(512 * 1024 ** 2)"; sleep 7; exit 1';
const CONNECT = 'import urllib.request; urllib.request.urlopen("http://example.org")';
const CHANGING = 'if [ $TRAINYARD_ATTEMPT = 1 ]; then exit 3; else kill -SEGV $$; fi';

let server: SharedServer;
const runs = {} as Record<'raises' | 'grows' | 'child' | 'connects' | 'changing', string>;

beforeAll(async () => {
  server = await sharedServer();
  runs.raises = await submit(server.url, pythonRun(RAISE));
  runs.grows = await submit(server.url, pythonRun(GROW, SMALL));
  runs.child = await submit(server.url, shellRun(CHILD, SMALL));
  runs.connects = await submit(server.url, pythonRun(CONNECT));
  const policy = { retries: { attempts: 2, delay: '100ms' } };
  runs.changing = await submit(server.url, shellRun(CHANGING, { policy }));
});

async function attemptsOf(id: string): Promise<AttemptDetail[]> {
  await inState(server.url, id, 'failed', 120_000);
  return (await request<{ items: AttemptDetail[] }>(`${server.url}/v1/runs/${id}/attempts`)).body.items;
}

const letGo = (id: string): void => writeFileSync(join(server.data, 'artifacts', id, 'go'), '');

/** What the heartbeats of its follow tell of the memory of a run that goes on. */
function peakSeen(id: string): number {
  const described = temporalCli(server, 'workflow', 'describe', '--workflow-id', id, '--output', 'json');
  return Number(/"peakMemoryBytes": ?(\d+)/.exec(described)?.[1] ?? 0);
}

describe('a failed attempt', () => {
  it.concurrent('shows the exception of Python, how far it came, and what it printed last', async () => {
    await until(async () => (await logLines(server.url, runs.raises)).length === 60, { timeoutMs: 60_000 });
    letGo(runs.raises);
    const [attempt] = await attemptsOf(runs.raises);
    const traceback = { type: 'ValueError', message: 'batch 7 is bad\nsee the data' };
    expect(attempt).toMatchObject({
      reason: 'exit-code',
      exitCode: 1,
      evidence: { traceback, step: 60, signal: null },
    });
    expect(attempt!.lastLines).toHaveLength(50);
    expect(attempt!.lastLines.at(-1)).toBe('see the data');
    const { out } = await runCli(['show', runs.raises, '--server', server.url]);
    expect(out).toContain('exception  ValueError: batch 7 is bad\n           see the data\n');
    expect(out).toContain('  | see the data');
  });

  it.concurrent('shows how near to its memory limit a container was that went over it', async () => {
    await until(() => peakSeen(runs.grows) > 50 * MEBIBYTE, { timeoutMs: 60_000, everyMs: 500 });
    letGo(runs.grows);
    const [attempt] = await attemptsOf(runs.grows);
    const evidence = { outOfMemory: true, signal: 'SIGKILL', hint: { id: 'memory-limit' } };
    expect(attempt).toMatchObject({ reason: 'out-of-memory', exitCode: 137, evidence });
    expect(attempt!.evidence!.peakMemoryBytes).toBeGreaterThan(50 * MEBIBYTE);
    expect(attempt!.evidence!.peakMemoryBytes).toBeLessThanOrEqual(64 * MEBIBYTE);
    expect(attempt!.evidence!.cpuSeconds).toBeGreaterThan(0);
  });

  it.concurrent('is out of memory also where only a child was killed for it', async () => {
    const [attempt] = await attemptsOf(runs.child);
    expect(attempt).toMatchObject({ reason: 'out-of-memory', exitCode: 1, evidence: { outOfMemory: true } });
  });

  it.concurrent('is told that it has no network, where it wanted one', async () => {
    const [attempt] = await attemptsOf(runs.connects);
    expect(attempt).toMatchObject({
      evidence: { hint: { id: 'no-network' }, traceback: { type: 'urllib.error.URLError' } },
    });
  });

  it.concurrent('keeps the first cause of its run, which is named at the end', async () => {
    const [first, second] = await attemptsOf(runs.changing);
    expect([first!.reason, second!.reason]).toEqual(['exit-code', 'killed-by-signal']);
    expect(second!.evidence).toMatchObject({ signal: 'SIGSEGV' });
    const run = await inState(server.url, runs.changing, 'failed');
    expect(run.firstFailure).toMatchObject({ attempt: 1, reason: 'exit-code' });
    expect(run.message).toMatch(/ First: attempt 1: The command ended with exit code 3\.$/);
  });
});
