import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { keepEngineLogs, parseEngineLog } from '../../chaos/collect/engine-logs';
import { stillRuns } from '../../chaos/collect/still-runs';
import { readTruth } from '../../chaos/collect/truth';
import { scratchFolder } from '../helpers/scratch-folder';
import { until } from '../helpers/until';

const scratch = scratchFolder();
const ID = 'abcdef0123456789';
const record = (text: string, stream = 'stdout') => `${JSON.stringify({ log: `${text}\n`, stream, time: 'T' })}\n`;

describe('the notes of an engine', () => {
  const folder = () => join(scratch.path, ID);
  const note = (startedAt: string) =>
    writeFileSync(join(folder(), 'config.v2.json'), JSON.stringify({ State: { StartedAt: startedAt } }));

  it('are kept beyond the removal of the container', async () => {
    const logs = keepEngineLogs(scratch.path);
    mkdirSync(folder());
    note('0001-01-01T00:00:00Z');
    appendFileSync(join(folder(), `${ID}-json.log`), record('run 1 1 nonce'));
    await until(() => logs.notes().lines.has('nonce'));
    expect(logs.notes().startedAtMs.size).toBe(0);
    note('2026-11-24T07:00:00.5Z');
    await until(() => logs.notes().startedAtMs.size === 1);
    appendFileSync(join(folder(), `${ID}-json.log`), record('run 1 2 nonce', 'stderr'));
    rmSync(folder(), { recursive: true });

    const { lines, startedAtMs, caught } = logs.notes();
    logs.stop();

    expect(lines.get('nonce')).toEqual([
      { stream: 'stdout', text: 'run 1 1 nonce' },
      { stream: 'stderr', text: 'run 1 2 nonce' },
    ]);
    expect([...caught]).toEqual([ID.slice(0, 12)]);
    expect(startedAtMs.get(ID.slice(0, 12))).toBe(Date.parse('2026-11-24T07:00:00.5Z'));
  });

  it('count the end of a line that was torn within its nonce as of the container that printed it', async () => {
    const folder = join(scratch.path, 'torn');
    mkdirSync(join(folder, ID), { recursive: true });
    const logs = keepEngineLogs(folder);
    writeFileSync(
      join(folder, ID, `${ID}-json.log`),
      `${record('run 1 1 nonce')}${record('nce')}${record('run 1 9 nonce')}`,
    );
    const lines = await until(() => logs.notes().lines.get('nonce'));
    logs.stop();

    expect(lines.map(({ text }) => text)).toEqual(['run 1 1 nonce', 'nce', 'run 1 9 nonce']);
  });

  it('count no record that was written only in part', () => {
    expect(parseEngineLog(`${record('one')}{"log":"tw\n${record('three')}`).map(({ text }) => text)).toEqual([
      'one',
      'three',
    ]);
  });
});

test('what a container wrote down is read with what the engine noted of it', () => {
  const entries = [
    { event: 'start', attempt: 1, nonce: 'aa', at: 1000, alone: true, container: 'abcdef012345' },
    { event: 'end', attempt: 1, nonce: 'aa', at: 2000, exitCode: 1 },
    { event: 'start', attempt: 2, nonce: 'bb', at: 3000, alone: false, container: 'other' },
    { event: 'start', attempt: 3, nonce: 'cc', at: 4000, alone: true, container: 'quiet' },
  ];
  writeFileSync(join(scratch.path, 'executions.jsonl'), entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
  writeFileSync(join(scratch.path, '1-aa.txt'), 'stdout 1\nstderr 2\n');
  for (const file of ['2-bb.txt', '3-cc.txt']) writeFileSync(join(scratch.path, file), '');
  const engineLog = [{ stream: 'stdout' as const, text: 'run-1 1 1 aa' }];
  const engine = {
    lines: new Map([['aa', engineLog]]),
    startedAtMs: new Map([['abcdef012345', 1001]]),
    caught: new Set(['quiet']),
  };

  const [one, two, three] = readTruth(scratch.path, 'run-1', engine);

  expect(one).toMatchObject({ attempt: 1, alone: true, startedAtMs: 1000, endedAtMs: 2000, engineStartedAtMs: 1001 });
  expect(one!.engineLog).toBe(engineLog);
  expect(one!.printed).toEqual([
    { stream: 'stdout', text: 'run-1 1 1 aa' },
    { stream: 'stderr', text: 'run-1 1 2 aa' },
  ]);
  expect(two).toMatchObject({ alone: false, endedAtMs: null, printed: [], engineLog: null, engineStartedAtMs: null });
  expect(three).toMatchObject({ engineLog: [] });
});

test('a program that still runs is seen by its lock', async () => {
  expect(stillRuns(scratch.path)).toBe(false);
  const holder: ChildProcess = spawn('flock', [join(scratch.path, 'lock'), 'sleep', '600'], { detached: true });
  try {
    await until(() => stillRuns(scratch.path));
  } finally {
    process.kill(-holder.pid!, 'SIGKILL');
    await once(holder, 'exit');
  }
  await until(() => !stillRuns(scratch.path));
});
