import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { TestWorkflowEnvironment } from '@temporalio/testing';
import pino from 'pino';

import { CONTROL_TASK_QUEUE, hostTaskQueue, RUN_WORKFLOW } from '../../contract/names';
import { openRunStore } from '../../store/sqlite-run-store';
import { hostInstance } from '../../worker/host-instance';
import { createNeededImages } from '../../worker/needed-images';
import { connectToTemporal, type TemporalLink } from '../../worker/temporal-link';
import { scratchFolder } from '../helpers/scratch-folder';
import { quietRuntime, temporalBinary } from '../helpers/temporal';
import { until } from '../helpers/until';
import { sampleUpdate } from '../store/sample-run';
import { killWorkers, spawnWorker } from './worker-process';

let temporal: TestWorkflowEnvironment;
let link: TemporalLink;
beforeAll(async () => {
  quietRuntime();
  temporal = await TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'existing-path', path: temporalBinary() } },
  });
  const config = { address: temporal.address, namespace: 'default' };
  link = await connectToTemporal(config, pino({ level: 'silent' }), new AbortController().signal);
}, 60_000);
afterAll(async () => {
  await link.close();
  await temporal.teardown();
});
afterEach(killWorkers);

const scratch = scratchFolder();

function hostEnv(name: string, folder: string): Record<string, string> {
  const data = join(scratch.path, folder);
  mkdirSync(data, { recursive: true });
  return {
    TRAINYARD_DATA: data,
    TRAINYARD_HOST_NAME: name,
    TRAINYARD_WORKER_ROLES: 'host',
    TRAINYARD_INSTALLATION: `test-${randomBytes(6).toString('hex')}`,
    TEMPORAL_ADDRESS: temporal.address,
  };
}

async function polled(name: string): Promise<void> {
  await until(async () => (await link.pollersOf(hostTaskQueue(name))).length > 0);
}

it('refuses the second host of a name, also with a data folder of its own, and says what to do', async () => {
  const first = spawnWorker(hostEnv('twin', 'one'));
  await first.ready();
  await polled('twin');

  const second = spawnWorker(hostEnv('twin', 'two'));
  expect(await second.ended).toBe(1);
  expect(second.output()).toMatch(/another host has the name "twin": its worker .* host\.name \(TRAINYARD_HOST_NAME\)/);

  const other = spawnWorker(hostEnv('other', 'two'));
  await other.ready();
}, 120_000);

it('takes the same host back at once after it was killed', async () => {
  const first = spawnWorker(hostEnv('phoenix', 'one'));
  await first.ready();
  await polled('phoenix');
  first.child.kill('SIGKILL');
  await first.ended;

  const again = spawnWorker(hostEnv('phoenix', 'one'));
  await again.ready();
  const { isForeign } = hostInstance(join(scratch.path, 'one'));
  expect((await link.pollersOf(hostTaskQueue('phoenix'))).some(({ identity }) => isForeign(identity))).toBe(false);
}, 120_000);

it('knows the images that runs and schedules need, those of recipes and those of schedules made by hand among them', async () => {
  const run = { image: 'hub/of-a-schedule:1' };
  const schedule = async (scheduleId: string, workflowType: string, submission: object): Promise<void> => {
    await temporal.client.schedule.create({
      scheduleId,
      spec: { intervals: [{ every: '1 day' }] },
      state: { paused: true },
      action: { type: 'startWorkflow', workflowType, taskQueue: CONTROL_TASK_QUEUE, args: [submission] },
    });
  };
  await schedule('schedule-nightly', RUN_WORKFLOW, run);
  await schedule('by-hand', RUN_WORKFLOW, { recipe: 'digits' });
  await schedule('not-ours', 'somethingElse', { image: 'hub/not-ours:1' });

  const store = await openRunStore(scratch.path);
  const digest = `sha256:${'1'.repeat(64)}`;
  await store.applyUpdate(sampleUpdate({ id: 'a', state: 'queued', image: 'hub/queued:1', imageDigest: digest }));
  await store.applyUpdate(sampleUpdate({ id: 'b', state: 'suspended', image: 'hub/suspended:1', imageDigest: null }));
  await store.applyUpdate(sampleUpdate({ id: 'c', state: 'succeeded', image: 'hub/ended:1', imageDigest: null }));
  const recipes = new Map([['digits', { spec: { image: 'hub/of-a-recipe:1' } }]]) as never;
  const needed = createNeededImages({ store, recipes, scheduledRuns: () => link.scheduledRuns() });

  await until(async () => (await needed()).includes('hub/of-a-recipe:1'));
  expect((await needed()).toSorted()).toEqual(
    ['hub/of-a-recipe:1', 'hub/of-a-schedule:1', 'hub/queued:1', 'hub/suspended:1', digest].toSorted(),
  );
  await store.close();
}, 60_000);
