import type { EngineInfo } from '../../docker/engine';
import { createMachineView } from '../../host/machine';

const INFO = { version: '26.1.5', kernel: '6.1.0-21-amd64', architecture: 'x86_64' } as EngineInfo;
const started = { imageId: 'sha256:1' };

test('a machine is told from what its engine said last, without a call', async () => {
  const ask = jest.fn(async () => {});
  const machine = await createMachineView({ info: () => INFO, ask }, async () => null).of(started);

  expect(machine).toMatchObject({ engineVersion: '26.1.5', gpuDriver: null });
  expect(ask).not.toHaveBeenCalled();
});

test('an engine that has not said what it is is asked before a machine is told', async () => {
  let info: EngineInfo | null = null;
  const ask = async (): Promise<void> => void (info = INFO);
  const machine = await createMachineView({ info: () => info, ask }, async () => '550.54.15').of(started);

  expect(machine).toEqual({
    imageId: 'sha256:1',
    engineVersion: '26.1.5',
    kernel: '6.1.0-21-amd64',
    architecture: 'x86_64',
    gpuDriver: '550.54.15',
  });
});

test('what nobody says is not made up', async () => {
  const machine = await createMachineView({ info: () => null, ask: async () => {} }, async () => null).of(started);

  expect(machine).toEqual({
    imageId: 'sha256:1',
    engineVersion: null,
    kernel: null,
    architecture: null,
    gpuDriver: null,
  });
});
