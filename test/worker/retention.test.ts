import { randomBytes } from 'node:crypto';

import type { ScheduleHandle } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';

import type { RetentionReport } from '../../contract/retention';
import { RETENTION_SCHEDULE, RETENTION_WORKFLOW } from '../../contract/names';
import { openLogStore } from '../../store/file-log-store';
import { openRunStore } from '../../store/sqlite-run-store';
import { ensureRetentionSchedule } from '../../worker/retention-schedule';
import { storeRun } from '../api/stored-run';
import { scratchFolder } from '../helpers/scratch-folder';
import { quietRuntime, temporalBinary } from '../helpers/temporal';
import { until } from '../helpers/until';
import { killWorkers, spawnWorker } from './worker-process';

let temporal: TestWorkflowEnvironment | undefined;
beforeEach(async () => {
  quietRuntime();
  temporal = await TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'existing-path', path: temporalBinary() } },
  });
}, 60_000);
afterEach(async () => {
  await killWorkers();
  await temporal?.teardown();
});

const data = scratchFolder();
const schedule = (): ScheduleHandle => temporal!.client.schedule.getHandle(RETENTION_SCHEDULE);

async function startWorker(): Promise<ReturnType<typeof spawnWorker>> {
  const worker = spawnWorker({
    TRAINYARD_DATA: data.path,
    TRAINYARD_HOST_NAME: 'test-host',
    TRAINYARD_WORKER_ROLES: 'control',
    TRAINYARD_INSTALLATION: `test-${randomBytes(6).toString('hex')}`,
    TRAINYARD_LOG_RETENTION: '2h',
    TEMPORAL_ADDRESS: temporal!.address,
  });
  await worker.ready();
  return worker;
}

/** Runs that ended an hour and three hours ago, and one that lives, each with a log. */
async function writeLogs(): Promise<void> {
  const store = await openRunStore(data.path);
  const logs = openLogStore(data.path, { segmentBytes: 1e9 });
  const hoursAgo = (hours: number): string => new Date(Date.now() - hours * 3_600_000).toISOString();
  await storeRun(store, {
    id: 'old',
    state: 'failed',
    reason: 'exit-code',
    createdAt: hoursAgo(4),
    endedAt: hoursAgo(3),
  });
  await storeRun(store, {
    id: 'new',
    state: 'failed',
    reason: 'exit-code',
    createdAt: hoursAgo(4),
    endedAt: hoursAgo(1),
  });
  await storeRun(store, { id: 'live', createdAt: hoursAgo(9) });
  for (const id of ['old', 'new', 'live']) {
    const writer = await logs.openWriter(id, 1);
    await writer.append([{ time: '2026-01-01T00:00:00.000000000Z', stream: 'stdout', text: 'line' }]);
    await writer.close();
  }
  await store.close();
}

it('removes old logs by a schedule of Temporal that the worker makes', async () => {
  await writeLogs();
  await startWorker();
  const described = await schedule().describe();
  expect(described.spec.intervals).toMatchObject([{ every: 3_600_000 }]);

  await schedule().trigger();
  const workflowId = await until(async () => {
    const { recentActions } = (await schedule().describe()).info;
    return recentActions[0]?.action.workflow.workflowId;
  });
  const report = (await temporal!.client.workflow.getHandle(workflowId).result()) as RetentionReport;

  expect(report).toMatchObject({ removedForAge: 1, removedForSize: 0, keptLogs: 2, failed: 0 });
  const logs = openLogStore(data.path, { segmentBytes: 1e9 });
  expect(await logs.size('old')).toBeNull();
  expect((await logs.size('new'))?.lines).toBe(1);
  expect((await logs.size('live'))?.lines).toBe(1);
  expect(await logs.removal('old')).toMatchObject({ because: 'logs are kept for 2h after the end of a run' });
}, 180_000);

it('makes its schedule however many workers start at once, brings it up to date, and leaves it paused', async () => {
  const { client } = temporal!;
  const ensure = (): Promise<void> => ensureRetentionSchedule(client.schedule);
  await Promise.all([ensure(), ensure(), ensure()]);
  expect((await schedule().describe()).info.lastUpdatedAt).toBeUndefined();
  await schedule().pause('for an audit');
  await schedule().update(({ spec, ...rest }) => ({ ...rest, spec: { ...spec, intervals: [{ every: '1 day' }] } }));

  await ensure();

  const { state, spec, action } = await schedule().describe();
  expect(state).toMatchObject({ paused: true, note: 'for an audit' });
  expect(spec.intervals).toMatchObject([{ every: 3_600_000 }]);
  expect(action).toMatchObject({ workflowType: RETENTION_WORKFLOW });
}, 60_000);
