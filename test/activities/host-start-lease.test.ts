import { createHostActivities } from '../../activities/host-activities';
import type { StartContainerInput } from '../../contract/activities';
import { DiskFullError } from '../../docker/errors';
import { NO_DISKS, python, QUIET } from '../host/helpers';
import { activityHost, AMPLE, identity, inActivity, type ActivityHost } from './host-helpers';

let host: ActivityHost;
beforeAll(async () => {
  host = await activityHost();
});
afterAll(() => host.dispose());

const standingOf = async () => ({ state: 'live', epoch: 1 }) as const;
const texts = async (runId: string): Promise<string[]> => (await host.lines(runId)).map(({ text }) => text);
const containersOf = (runId: string) => host.engine.listContainers({ 'trainyard.run': runId });
const leased = (runId: string, command: string[], gpuIds: string[]): StartContainerInput => ({
  ...host.startInput(runId, command),
  lease: { host: 'test-host', cpus: 0.25, memoryBytes: 64 * 1024 ** 2, gpuIds },
});

it('holds a container to its lease, and shows it its GPUs', async () => {
  const code = 'import os; print(os.environ["TRAINYARD_GPUS"], os.environ["NVIDIA_VISIBLE_DEVICES"])';
  const input = leased('leased', python(code), ['GPU-1', 'GPU-2']);
  const { containerId } = await inActivity(host.activities.startContainer, input);

  expect(await host.engine.inspectContainer(containerId)).toMatchObject({
    cpus: 0.25,
    labels: { 'trainyard.gpus': 'GPU-1,GPU-2' },
  });
  await host.pumps.adopt({ ...input, containerId }).sealed;
  expect(await texts('leased')).toEqual(['GPU-1,GPU-2 GPU-1,GPU-2']);
});

it('starts nothing on a GPU that another run still has, and has the GPUs looked at', async () => {
  await inActivity(host.activities.startContainer, leased('holds', ['sleep', '60'], ['GPU-3', 'GPU-4']));
  let looks = 0;
  const gpus = { look: async () => void (looks += 1) };
  const { startContainer } = createHostActivities({ ...host, ...AMPLE, gpus, standingOf });

  const call = inActivity(startContainer, leased('wants', ['true'], ['GPU-5', 'GPU-4']));
  await expect(call).rejects.toMatchObject({ type: 'start-failed' });
  await expect(call).rejects.toThrow('GPU GPU-4 was not freed: attempt 1 of run holds still has it');
  expect([await containersOf('wants'), looks]).toEqual([[], 1]);

  const other = await inActivity(startContainer, leased('wants', ['true'], ['GPU-5']));
  expect(other.containerId).not.toBe('');
});

it('gives a GPU on once the container of the run before has ended', async () => {
  const before = leased('before', ['true'], ['GPU-6']);
  const { containerId } = await inActivity(host.activities.startContainer, before);
  await host.engine.waitContainer(containerId, AbortSignal.timeout(30_000));
  await inActivity(host.activities.startContainer, leased('after', ['true'], ['GPU-6']));
  expect(await containersOf('after')).toHaveLength(1);
});

it('starts nothing where the disk is full, and says so; a container that is there already goes on', async () => {
  const disks = {
    ...NO_DISKS,
    check: async () => {
      throw new DiskFullError('/var/lib/docker is on a disk that is 93 % full');
    },
  };
  const { startContainer } = createHostActivities({ ...host, ...AMPLE, disks, standingOf, log: QUIET });
  const call = inActivity(startContainer, host.startInput('full', ['true']));
  await expect(call).rejects.toMatchObject({ type: 'disk-full', nonRetryable: true });
  await expect(call).rejects.toThrow('93 % full');
  expect(await containersOf('full')).toEqual([]);

  const there = { ...host.startInput('there', ['sleep', '60']), ...identity('there') };
  const first = await inActivity(host.activities.startContainer, there);
  expect(await inActivity(startContainer, there)).toEqual(first);
});
