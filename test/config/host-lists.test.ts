import { parseHostGpus, parseHostLabels } from '../../config/host-lists';

it('reads labels, of which a value may hold anything', () => {
  expect(parseHostLabels(['rack=r12', 'site/zone=a=b', 'empty='])).toEqual({
    rack: 'r12',
    'site/zone': 'a=b',
    empty: '',
  });
});

it('reads GPUs and slices of them, in their order', () => {
  expect(parseHostGpus(['GPU-1f2e:NVIDIA H100 80GB HBM3:80g', 'MIG-7:H100 1g.10gb:10g:mig'])).toEqual([
    { id: 'GPU-1f2e', index: 0, model: 'NVIDIA H100 80GB HBM3', memoryBytes: 80 * 1024 ** 3, mig: false },
    { id: 'MIG-7', index: 1, model: 'H100 1g.10gb', memoryBytes: 10 * 1024 ** 3, mig: true },
  ]);
});

it('tells a host without GPUs from one whose driver is to be asked', () => {
  expect(parseHostGpus(['none'])).toEqual([]);
  expect(parseHostGpus([])).toBeNull();
});
