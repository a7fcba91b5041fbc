import { containerConfig } from '../../docker/container-config';
import { python } from '../host/helpers';
import { testEngine } from '../helpers/engine';
import { until } from '../helpers/until';

const { engine, plan, run, dispose } = testEngine();
afterAll(dispose);

const ids = ['GPU-1', 'GPU-2'];
const visible = ({ Env }: ReturnType<typeof containerConfig>): string[] =>
  Env.filter((entry) => entry.startsWith('NVIDIA_VISIBLE_DEVICES='));

test('a container without GPUs is left alone by the NVIDIA runtime, whatever its image asks for', () => {
  const config = containerConfig(plan({ env: { NVIDIA_VISIBLE_DEVICES: 'all' } }));
  expect(visible(config)).toEqual(['NVIDIA_VISIBLE_DEVICES=void']);
  expect(config.HostConfig).not.toHaveProperty('DeviceRequests');
});

test('GPUs are asked of the engine by UUID, and no other can be had by a variable', () => {
  const config = containerConfig(plan({ env: { NVIDIA_VISIBLE_DEVICES: 'all' }, gpus: { ids, runtime: 'nvidia' } }));
  expect(visible(config)).toEqual(['NVIDIA_VISIBLE_DEVICES=GPU-1,GPU-2']);
  expect(config.HostConfig).toMatchObject({
    DeviceRequests: [{ Driver: 'nvidia', DeviceIDs: ids, Capabilities: [['gpu']] }],
  });
});

test('an engine without the driver refuses a container with GPUs at its start, and says why', async () => {
  const { id } = await engine.createContainer(plan({ gpus: { ids, runtime: 'nvidia' } }));
  await expect(engine.startContainer(id)).rejects.toThrow(/device driver|nvidia/i);
});

test('without a runtime the container starts, and finds its GPUs in the variable', async () => {
  const id = await run(python('import os, time; print(os.environ["NVIDIA_VISIBLE_DEVICES"]); time.sleep(60)'), {
    gpus: { ids, runtime: 'none' },
  });
  await until(async () => {
    for await (const [first] of engine.readLogs(id, { follow: false, signal: AbortSignal.timeout(5_000) })) {
      return first?.data.toString() === 'GPU-1,GPU-2';
    }
    return false;
  });
});

test('tells the processes of a container as its machine numbers them; none of one that has ended or is not there', async () => {
  const id = await run(['sh', '-c', 'sleep 60 & sleep 60']);
  const pids = await until(async () => {
    const found = await engine.containerPids(id);
    return found.length >= 3 && found;
  });
  expect(new Set(pids).size).toBe(pids.length);
  await engine.signalContainer(id, 'SIGKILL');
  await engine.waitContainer(id, AbortSignal.timeout(30_000));

  expect(await engine.containerPids(id)).toEqual([]);
  expect(await engine.containerPids('no-such-container')).toEqual([]);
});
