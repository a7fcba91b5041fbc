import { GpuOutputError, readGpuRows, readGpuSlices, readGpuUsers } from '../../host/gpu-output';

const UUID = 'GPU-5d5ba0d6-d33d-2b2c-524d-9e3d8d2b8a77';
const MIB = 1024 ** 2;
const lines = (...text: string[]): string => `${text.join('\n')}\n`;

describe('the list of GPUs', () => {
  it('is read with one GPU and with eight', () => {
    expect(readGpuRows(`0, ${UUID}, NVIDIA H100 80GB HBM3, 81559, Disabled\n`)).toEqual([
      { id: UUID, index: 0, model: 'NVIDIA H100 80GB HBM3', memoryBytes: 81559 * MIB, isCut: false, problem: null },
    ]);
    const eight = lines(
      ...Array.from({ length: 8 }, (_, n) => `${n}, GPU-${n}, NVIDIA A100-SXM4-40GB, 40960, Disabled`),
    );
    expect(readGpuRows(eight).map(({ id, index }) => [id, index])).toEqual(
      Array.from({ length: 8 }, (_, n) => [`GPU-${n}`, n]),
    );
  });

  it('takes what a GPU has not, or an older driver does not know, for nothing', () => {
    expect(readGpuRows(`0, ${UUID}, NVIDIA GB10, [N/A], [N/A]\n`)).toMatchObject([
      { memoryBytes: 0, isCut: false, problem: null },
    ]);
    expect(readGpuRows(`0, ${UUID}, Tesla K80, 11441\n`)).toMatchObject([{ isCut: false, problem: null }]);
    expect(readGpuRows(`0, ${UUID}, Tesla K80, 11441, [Not Supported]\n`)).toMatchObject([{ problem: null }]);
  });

  it.each(['ERR!', '[Unknown Error]', '[GPU is lost]', '[GPU requires reset]'])(
    'knows a GPU with %s as broken',
    (word) => {
      expect(readGpuRows(`1, ${UUID}, NVIDIA H100 PCIe, ${word}, Disabled\n`)).toMatchObject([
        { id: UUID, memoryBytes: 0, problem: `the driver says ${word} of it` },
      ]);
    },
  );

  it('tells a GPU that is cut into slices, and reads these with their memory', () => {
    expect(readGpuRows(`0, ${UUID}, NVIDIA A100-SXM4-40GB, 40960, Enabled\n`)).toMatchObject([{ isCut: true }]);
    const listed = lines(
      `GPU 0: NVIDIA A100-SXM4-40GB (UUID: ${UUID})`,
      '  MIG 3g.20gb     Device  0: (UUID: MIG-c6d4f1ef-42e4-5de3-91c7-45d71c87eb3f)',
      `  MIG 1g.5gb      Device  1: (UUID: MIG-${UUID}/7/0)`,
      'GPU 1: NVIDIA A100-SXM4-40GB (UUID: GPU-other)',
      '  MIG 1c.2g.10gb  Device  0: (UUID: MIG-third)',
    );
    expect(readGpuSlices(listed)).toEqual([
      {
        id: 'MIG-c6d4f1ef-42e4-5de3-91c7-45d71c87eb3f',
        parent: UUID,
        profile: '3g.20gb',
        memoryBytes: 20 * 1024 * MIB,
      },
      { id: `MIG-${UUID}/7/0`, parent: UUID, profile: '1g.5gb', memoryBytes: 5 * 1024 * MIB },
      { id: 'MIG-third', parent: 'GPU-other', profile: '1c.2g.10gb', memoryBytes: 10 * 1024 * MIB },
    ]);
  });

  it.each([
    'NVIDIA-SMI has failed',
    '0, none, NVIDIA H100, 81559, Disabled',
    'x, GPU-1, NVIDIA H100, 81559, Disabled',
    '0, GPU-1, NVIDIA H100, 81559 MiB, Disabled',
    '0, GPU-1, NVIDIA H100, 81559, Disabled, more',
    '0, GPU-1',
  ])('is refused where a line is %j', (line) => {
    expect(() => readGpuRows(line)).toThrow(GpuOutputError);
  });

  it.each(['MIG 1g.5gb Device 0: (UUID: MIG-1)', 'No devices found.'])(
    'of slices is refused where it begins with %j',
    (line) => {
      expect(() => readGpuSlices(line)).toThrow(GpuOutputError);
    },
  );
});

describe('the list of processes', () => {
  it('is read with none, with some, and with those that the driver does not name', () => {
    expect(readGpuUsers('')).toEqual([]);
    expect(
      readGpuUsers(lines(`${UUID}, 4711`, `${UUID}, 4712`, 'GPU-2, [N/A]', 'GPU-2, [Insufficient Permissions]')),
    ).toEqual([
      { gpuId: UUID, pid: 4711 },
      { gpuId: UUID, pid: 4712 },
    ]);
  });

  it.each(['No running processes found', `${UUID}, python`, `${UUID}`])('is refused where a line is %j', (line) => {
    expect(() => readGpuUsers(line)).toThrow(GpuOutputError);
  });
});
