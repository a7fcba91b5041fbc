import { createGpuInventory, GpuDriverError } from '../../host/gpu-inventory';
import { scratchFolder } from '../helpers/scratch-folder';
import { fakeDriver } from './fake-driver';

const scratch = scratchFolder();
const inventory = (body: string, withinMs?: number) => createGpuInventory(fakeDriver(scratch.path, body), withinMs);

const WHOLE = '0, GPU-a, NVIDIA H100 80GB HBM3, 81559, Disabled';
const CUT = '1, GPU-b, NVIDIA H100 80GB HBM3, 81559, Enabled';

it('has no GPUs where there is no driver, no program, or no device', async () => {
  const nothing = { gpus: [], problem: null };
  expect(await createGpuInventory(`${scratch.path}/no-such-program`).list()).toEqual(nothing);
  expect(await createGpuInventory(`${scratch.path}/no-such-program`).users()).toEqual([]);
  expect(await inventory('echo "No devices were found"; exit 6').list()).toEqual(nothing);
});

it('lists whole GPUs and, of those that are cut, the slices, by one numbering', async () => {
  const { gpus } = await inventory(`
case "$1" in
  -L) echo "GPU 0: NVIDIA H100 80GB HBM3 (UUID: GPU-a)"
      echo "GPU 1: NVIDIA H100 80GB HBM3 (UUID: GPU-b)"
      echo "  MIG 1g.10gb     Device  0: (UUID: MIG-x)"
      echo "  MIG 2g.20gb     Device  1: (UUID: MIG-y)" ;;
  *) echo "${WHOLE}"; echo "${CUT}" ;;
esac`).list();
  expect(gpus.map(({ id, index, mig, parent }) => [id, index, mig, parent])).toEqual([
    ['GPU-a', 0, false, 'GPU-a'],
    ['MIG-x', 1, true, 'GPU-b'],
    ['MIG-y', 2, true, 'GPU-b'],
  ]);
  expect(gpus[1]).toMatchObject({ model: 'NVIDIA H100 80GB HBM3 MIG 1g.10gb', memoryBytes: 10 * 1024 ** 3 });
});

it('asks an older driver, which knows no slices, without them', async () => {
  const old = `
case "$1" in
  *mig*) echo 'Field "mig.mode.current" is not a valid field to query.'; exit 2 ;;
  *) echo "0, GPU-old, Tesla K80, 11441" ;;
esac`;
  expect((await inventory(old).list()).gpus).toMatchObject([{ id: 'GPU-old', mig: false, problem: null }]);
});

it('lists what is left where one GPU is lost, with what the driver says of it', async () => {
  const lost =
    'Unable to determine the device handle for GPU0000:3B:00.0: GPU is lost. Reboot the system to recover this GPU';
  expect(await inventory(`echo "${lost}"; echo "${WHOLE}"; exit 15`).list()).toMatchObject({
    gpus: [{ id: 'GPU-a' }],
    problem: lost,
  });
});

it('fails where the driver does, with its words', async () => {
  const words = "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver";
  const broken = inventory(`echo "${words}."; exit 9`);
  await expect(broken.list()).rejects.toThrow(new GpuDriverError(words));
  await expect(broken.users()).rejects.toThrow(GpuDriverError);
});

it('gives up a driver that hangs, ends it, and asks again the next time', async () => {
  const hung = inventory(
    `[ -e ${scratch.path}/well ] && echo "${WHOLE}" && exit; touch ${scratch.path}/well; exec sleep 60`,
    200,
  );
  await expect(hung.list()).rejects.toThrow('has not answered for 0.2 s');
  const patient = createGpuInventory(fakeDriver(scratch.path, `echo "${WHOLE}"`));
  expect((await patient.list()).gpus).toHaveLength(1);
});
