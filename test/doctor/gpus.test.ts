import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { checkGpus } from '../../doctor/check-gpus';
import type { Finding } from '../../doctor/finding';
import { createGpuInventory } from '../../host/gpu-inventory';
import { scratchFolder } from '../helpers/scratch-folder';
import { fakeDriver } from '../host/fake-driver';

const scratch = scratchFolder();

function check(driver: string, host: Partial<Parameters<typeof checkGpus>[0]['host']> = {}): Promise<Finding[]> {
  const defaults = { gpus: [], gpuRuntime: 'nvidia' as const, dockerHost: 'unix:///var/run/docker.sock' };
  const inventory = createGpuInventory(fakeDriver(scratch.path, driver));
  return checkGpus({ host: { ...defaults, ...host }, inventory, path: scratch.path });
}

const ONE = 'echo "0, GPU-a, NVIDIA H100 80GB HBM3, 81559, Disabled"';
const verdicts = (findings: Finding[]): string[][] => findings.map(({ what, verdict }) => [what, verdict]);

it('say nothing where there are none', async () => {
  expect(await check('exit 6')).toEqual([]);
  expect(await check(ONE, { gpus: ['none'] })).toEqual([]);
});

it('warn where no container can be given one', async () => {
  expect(verdicts(await check(ONE))).toEqual([
    ['GPUs', 'ok'],
    ['GPU runtime', 'warn'],
  ]);
  writeFileSync(join(scratch.path, 'nvidia-ctk'), '');
  expect(verdicts(await check(ONE))).toEqual([
    ['GPUs', 'ok'],
    ['GPU runtime', 'ok'],
  ]);
  expect(verdicts(await check(ONE, { gpus: ['GPU-x:Odd:8g'], gpuRuntime: 'none' }))).toEqual([['GPUs', 'ok']]);
});

it('warn of a driver that fails, with its words', async () => {
  const [finding] = await check('echo "NVIDIA-SMI has failed"; exit 9');
  expect(finding).toMatchObject({
    what: 'GPUs',
    verdict: 'warn',
    finding: expect.stringContaining('NVIDIA-SMI has failed'),
  });
});
