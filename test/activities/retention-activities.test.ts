import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { pino } from 'pino';

import { createRetentionActivities, type RetentionDeps } from '../../activities/retention-activities';
import type { RetentionReport } from '../../contract/retention';
import type { Run } from '../../contract/run';
import type { RunSpec } from '../../contract/spec';
import { removeCheckpoints as removeCheckpointsIn } from '../../host/checkpoints';
import { openLogStore } from '../../store/file-log-store';
import type { LogStore } from '../../store/log-store';
import type { RunStore } from '../../store/run-store';
import { openRunStore } from '../../store/sqlite-run-store';
import { storeRun } from '../api/stored-run';
import { scratchFolder } from '../helpers/scratch-folder';

const scratch = scratchFolder();
let store: RunStore;
let logs: LogStore;

beforeEach(async () => {
  store = await openRunStore(scratch.path);
  logs = openLogStore(scratch.path, { segmentBytes: 1e9 });
});
afterEach(async () => store.close());

/** A log of 100 lines, and its run, unless that is null. */
async function write(id: string, run: Partial<Run> | null, logsOfSpec: RunSpec['logs'] = {}): Promise<void> {
  if (run !== null) await storeRun(store, { id, ...run }, { logs: logsOfSpec });
  const writer = await logs.openWriter(id, 1);
  const time = '2026-01-01T00:00:00.000000000Z';
  await writer.append(Array.from({ length: 100 }, (_, index) => ({ time, stream: 'stdout', text: `line ${index}` })));
  await writer.close();
}

const ended = (day: number): Partial<Run> => ({
  state: 'succeeded',
  reason: 'completed',
  createdAt: '2026-01-01T00:00:00.000Z',
  endedAt: `2026-01-${String(day).padStart(2, '0')}T00:00:00.000Z`,
});

async function removeOldLogs(
  rules: Partial<RetentionDeps['config']['logs']> = {},
  changes: Partial<RetentionDeps> = {},
): Promise<RetentionReport> {
  const config = { logs: { retention: '30d', maxTotalBytes: 0, ...rules } };
  const now = (): Date => new Date('2026-02-05T00:00:00Z');
  const log = pino({ level: 'silent' });
  const removeCheckpoints = (runId: string): Promise<void> => removeCheckpointsIn(scratch.path, runId);
  const deps = { store, logs, removeCheckpoints, config, log, heartbeat: () => {}, now, ...changes };
  return createRetentionActivities(deps).removeOldLogs();
}

async function left(): Promise<string[]> {
  const runIds: string[] = [];
  for await (const { runId } of logs.list()) runIds.push(runId);
  return runIds.toSorted();
}

const sizeOf = async (runId: string): Promise<number> => (await logs.size(runId))!.bytes;

test('removes the logs of runs that ended long enough ago, and of no other', async () => {
  await write('old', ended(5));
  await write('new', ended(7));
  await write('live', { state: 'running', createdAt: '2025-01-01T00:00:00.000Z' });
  await write('stopping', { state: 'stopping', createdAt: '2025-01-01T00:00:00.000Z' });
  await write('unknown', null);
  const bytes = await sizeOf('old');

  const report = await removeOldLogs();

  expect(await left()).toEqual(['live', 'new', 'stopping', 'unknown']);
  expect(report).toEqual({
    removedForAge: 1,
    removedForSize: 0,
    completed: 0,
    freedBytes: bytes,
    keptLogs: 4,
    keptBytes: 4 * bytes,
    failed: 0,
    overBytes: 0,
  });
  expect(await logs.removal('old')).toMatchObject({ because: 'logs are kept for 30d after the end of a run' });
  expect((await store.getRun('old'))?.run.state).toBe('succeeded');
});

test('keeps the log of a node while its gang goes on, or the node itself, and where nobody knows the gang', async () => {
  const node = (gangOf: string): Partial<Run> => ({ ...ended(1), gangOf, rank: 1 });
  await write('live', { state: 'running', createdAt: '2025-12-01T00:00:00.000Z' });
  await write('live.e1.n1', { ...node('live'), state: 'failed', reason: 'exit-code' });
  await write('new', ended(7));
  await write('new.e1.n1', node('new'));
  await write('old', ended(5));
  await write('old.e1.n1', node('old'));
  await write('old.e2.n1', { state: 'stopping', gangOf: 'old', rank: 1, createdAt: '2026-01-01T00:00:00.000Z' });
  await write('lost.e1.n1', node('lost'));

  await removeOldLogs({ maxTotalBytes: 1 });

  expect(await left()).toEqual(['live', 'live.e1.n1', 'lost.e1.n1', 'old.e2.n1']);
});

test('removes the logs of the nodes of a gang for their age with that of the gang', async () => {
  await write('new', ended(7));
  await write('new.e1.n1', { ...ended(1), gangOf: 'new', rank: 1 });
  await write('old', ended(5));
  await write('old.e1.n1', { ...ended(1), gangOf: 'old', rank: 1 });

  await removeOldLogs();

  expect(await left()).toEqual(['new', 'new.e1.n1']);
});

test('goes by what the spec of a run says, where it does', async () => {
  await write('short', ended(30), { retention: '1d' });
  await write('long', ended(2), { retention: '90d' });
  await write('ever', ended(1), { retention: 'forever' });

  await removeOldLogs({ maxTotalBytes: 1 });

  expect(await left()).toEqual(['ever', 'long']);
  expect(await logs.removal('short')).toMatchObject({
    because: 'its spec asks that it be kept for 1d after its end',
  });
});

test('removes for the size of all the logs of the runs that ended first', async () => {
  for (const day of [20, 21, 22, 23]) await write(`day-${day}`, ended(day));
  const bytes = await sizeOf('day-20');

  const report = await removeOldLogs({ retention: 'forever', maxTotalBytes: 2 * bytes });

  expect(await left()).toEqual(['day-22', 'day-23']);
  expect(report).toMatchObject({ removedForSize: 2, keptBytes: 2 * bytes, overBytes: 0 });
  expect((await logs.removal('day-20'))?.because).toMatch(/^all logs together were larger than [\d.]+ KiB$/);
});

test('removes the checkpoints of a run with its log, and of no run that can go on', async () => {
  await write('old', ended(1));
  await write('waits', { state: 'suspended', createdAt: '2020-01-01T00:00:00Z' });
  for (const id of ['old', 'waits', 'fresh'])
    mkdirSync(join(scratch.path, 'checkpoints', id, 'epoch-1'), { recursive: true });
  await write('fresh', ended(31));

  await removeOldLogs();

  expect(readdirSync(join(scratch.path, 'checkpoints')).toSorted()).toEqual(['fresh', 'waits']);
});

test('leaves a log whose checkpoints cannot be removed for the next time', async () => {
  await write('old', ended(1));
  const removeCheckpoints = async (): Promise<void> => Promise.reject(new Error('not now'));

  expect(await removeOldLogs({}, { removeCheckpoints })).toMatchObject({ removedForAge: 0, failed: 1, keptLogs: 1 });
  expect(await removeOldLogs()).toMatchObject({ removedForAge: 1, failed: 0, keptLogs: 0 });
});

test('says when there is too much and nothing that may go', async () => {
  await write('live', { state: 'running' });
  const lines: string[] = [];
  const log = pino({}, { write: (line) => void lines.push(line) });

  const report = await removeOldLogs({ maxTotalBytes: 1 }, { log });

  expect(report.overBytes).toBe((await sizeOf('live')) - 1);
  expect(lines.join()).toContain('larger than logs.maxTotalBytes');
});

test('does nothing more the second time', async () => {
  await write('old', ended(1));
  await write('new', ended(31));
  await removeOldLogs();

  expect(await removeOldLogs()).toMatchObject({ removedForAge: 0, freedBytes: 0, keptLogs: 1 });
});

test('completes what a process that died had begun, whatever the rules are now', async () => {
  await write('begun', ended(31));
  writeFileSync(
    logs.pathOf('begun').replace(/log$/, 'removed'),
    JSON.stringify({ at: '2026-02-04T00:00:00.000Z', because: 'of something' }),
  );

  const report = await removeOldLogs({ retention: 'forever' });

  expect(await left()).toEqual([]);
  expect(report).toMatchObject({ completed: 1, removedForAge: 0, keptLogs: 0, keptBytes: 0 });
  expect(await logs.removal('begun')).toMatchObject({ because: 'of something' });
});

test('leaves a log that is being written for the next time, and goes on with the others', async () => {
  await write('a', ended(1));
  await write('b', ended(2));
  // What drains the container of a workflow that was terminated, after the end of the run.
  const late = await logs.openWriter('a', 1);

  expect(await removeOldLogs()).toMatchObject({ removedForAge: 1, failed: 1, keptLogs: 1 });
  expect(await left()).toEqual(['a']);

  await late.close();
  expect(await removeOldLogs()).toMatchObject({ removedForAge: 1, failed: 0, keptLogs: 0 });
});
