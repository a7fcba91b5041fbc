import { LABELS, PROCESS_FORM } from '../../contract/names';
import type { ContainerSummary } from '../../docker/engine';
import { amountLabels } from '../../host/container-amounts';
import { createContainerCensus } from '../../host/container-census';
import { until } from '../helpers/until';
import { testHost, type TestHost } from './helpers';

let host: TestHost;
beforeAll(async () => {
  host = await testHost();
});
afterAll(() => host.dispose());

const labels = amountLabels({ cpus: 0.5, memoryBytes: 64 * 2 ** 20, gpuIds: ['GPU-a', 'GPU-b'] });
const SLEEPER = {
  runId: 'sleeper',
  attempt: 1,
  epoch: 1,
  cpus: 0.5,
  memoryBytes: 64 * 2 ** 20,
  gpuIds: ['GPU-a', 'GPU-b'],
};

it('tells of the containers that run, paused ones too, with what they were given, and of none that has ended', async () => {
  const census = createContainerCensus(host);
  expect(await census.take()).toEqual([]);
  const id = await host.runOf('sleeper', ['sleep', '60'], { labels });
  const over = await host.runOf('over', ['true']);
  await until(async () => (await host.engine.inspectContainer(over))?.status === 'exited');
  expect(await census.take()).toEqual([SLEEPER]);
  await host.engine.pauseContainer(id);
  expect(await census.take()).toEqual([SLEEPER]);
  await host.engine.removeContainer(id);
  expect(await census.take()).toEqual([]);
});

it('tells what it knew while the engine does not answer, with the local processes as they are now', async () => {
  const found = (runId: string, more: Record<string, string> = {}): ContainerSummary => ({
    ...{ id: runId, name: runId, state: 'running', createdAt: '', imageId: '' },
    labels: { [LABELS.run]: runId, [LABELS.attempt]: '1', [LABELS.epoch]: '1', ...labels, ...more },
  });
  const processes = [found('process', { [LABELS.form]: PROCESS_FORM })];
  let isAway = true;
  const listContainers = async (wanted: Record<string, string>): Promise<ContainerSummary[]> => {
    if (wanted[LABELS.form] === PROCESS_FORM) return processes;
    if (isAway) throw new Error('the engine is away');
    return [found('sleeper'), ...processes];
  };
  const census = createContainerCensus({ engine: { listContainers }, config: host.config });
  const taken = async () => (await census.take())?.map(({ runId }) => runId) ?? null;
  expect(await taken()).toBeNull();
  isAway = false;
  expect(await taken()).toEqual(['sleeper', 'process']);
  isAway = true;
  processes.push(found('another', { [LABELS.form]: PROCESS_FORM }));
  expect(await taken()).toEqual(['sleeper', 'process', 'another']);
});
