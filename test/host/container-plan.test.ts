import { planContainer } from '../../host/container-plan';
import { NetworkRefusedError } from '../../host/network-refused-error';
import { specOf } from '../helpers/fake-host';

const HOST = {
  name: 'host-1',
  installation: 'here',
  networks: ['lab', 'host'] as string[],
  address: '',
  containerLogSizeBytes: 1000,
  containerLogFiles: 3,
  gpuRuntime: 'nvidia',
} as const;
const FACTS = {
  host: HOST,
  paths: { params: '/d/params/r.json', artifacts: '/d/artifacts/r', checkpoints: '/d/checkpoints/r' },
  binds: [],
  resumeFrom: null,
};
const IDENTITY = { runId: 'r:1', attempt: 2, epoch: 7, specHash: 'abc', imageId: 'sha256:1' };

describe('planContainer', () => {
  it('labels the container with all that it is known by, and names it for people', () => {
    const plan = planContainer({ ...IDENTITY, spec: specOf({}) }, FACTS);

    expect(plan.name).toBe('trainyard-r_1-2');
    expect(plan.labels).toEqual({
      'trainyard.run': 'r:1',
      'trainyard.cpus': '1',
      'trainyard.memory': '1073741824',
      'trainyard.attempt': '2',
      'trainyard.epoch': '7',
      'trainyard.spec-hash': 'abc',
      'trainyard.host': 'host-1',
      'trainyard.installation': 'here',
    });
  });

  it('passes parameters on in the command and the environment, and the identity of the attempt over both', () => {
    const spec = {
      ...specOf({ command: ['train', '--epochs={{params.epochs}}'], params: { epochs: 3, Rate: 0.5 } }),
      env: { MODE: 'e{{params.epochs}}', TRAINYARD_RUN_ID: 'forged' },
    };
    const plan = planContainer({ ...IDENTITY, spec }, FACTS);

    expect(plan.command).toEqual(['train', '--epochs=3']);
    expect(plan.env).toEqual({
      TRAINYARD_PARAM_EPOCHS: '3',
      TRAINYARD_PARAM_RATE: '0.5',
      MODE: 'e3',
      TRAINYARD_RUN_ID: 'r:1',
      TRAINYARD_ATTEMPT: '2',
    });
  });

  it('binds what the run mounts, the parameters read-only, and the artifacts', () => {
    const own = { source: '/data', target: '/in', readOnly: true };
    const plan = planContainer({ ...IDENTITY, spec: specOf({}) }, { ...FACTS, binds: [own] });

    expect(plan.binds).toEqual([
      own,
      { source: '/d/params/r.json', target: '/trainyard/params.json', readOnly: true },
      { source: '/d/artifacts/r', target: '/artifacts', readOnly: false },
    ]);
  });

  it('binds the folder for checkpoints where the spec says, and tells what to go on from', () => {
    const spec = { ...specOf({}), checkpoint: { path: '/state/saved', keep: 3 } };
    const first = planContainer({ ...IDENTITY, spec }, FACTS);
    const second = planContainer({ ...IDENTITY, spec }, { ...FACTS, resumeFrom: 'epoch-12.pt' });

    expect(first.binds).toContainEqual({ source: '/d/checkpoints/r', target: '/state/saved', readOnly: false });
    expect(first.env).toMatchObject({ TRAINYARD_CHECKPOINT_DIR: '/state/saved' });
    expect(Object.keys(first.env)).not.toContain('TRAINYARD_RESUME');
    expect(second.env).toMatchObject({
      TRAINYARD_CHECKPOINT_DIR: '/state/saved',
      TRAINYARD_RESUME: '1',
      TRAINYARD_CHECKPOINT: '/state/saved/epoch-12.pt',
    });
  });

  it('sets the limits of the spec', () => {
    const spec = { ...specOf({}), resources: { cpus: '500m', memory: '1g', shm: '64m', pids: 9, gpus: 0 } };
    expect(planContainer({ ...IDENTITY, spec }, FACTS)).toMatchObject({
      cpus: 0.5,
      memoryBytes: 1024 ** 3,
      shmBytes: 64 * 1024 ** 2,
      pids: 9,
      log: { maxSizeBytes: 1000, maxFiles: 3 },
    });
  });

  it.each([
    ['none', 'none'],
    ['egress', 'bridge'],
    ['lab', 'lab'],
  ])('gives the network %s as %s', (network, expected) => {
    expect(planContainer({ ...IDENTITY, spec: { ...specOf({}), network } }, FACTS).network).toBe(expected);
  });

  it.each(['other', 'bridge', 'host'])('refuses the network %s, which is not, or must not be, allowed', (network) => {
    const plan = () => planContainer({ ...IDENTITY, spec: { ...specOf({}), network } }, FACTS);
    expect(plan).toThrow(NetworkRefusedError);
  });

  describe('with a lease', () => {
    const spec = { ...specOf({}), resources: { ...specOf({}).resources, cpus: 2, memory: '1g', gpus: 2 } };
    const lease = { host: 'host-1', cpus: 0.5, memoryBytes: 123, gpuIds: ['GPU-1', 'MIG-2'] };

    it('limits the container to what was leased, and not to what the spec asks for', () => {
      expect(planContainer({ ...IDENTITY, spec, lease }, FACTS)).toMatchObject({ cpus: 0.5, memoryBytes: 123 });
      expect(planContainer({ ...IDENTITY, spec }, FACTS)).toMatchObject({ cpus: 2, memoryBytes: 1024 ** 3 });
    });

    it('gives it the GPUs by their ids, and keeps them on a label for whoever comes next', () => {
      const plan = planContainer({ ...IDENTITY, spec, lease }, FACTS);
      expect(plan.gpus).toEqual({ ids: ['GPU-1', 'MIG-2'], runtime: 'nvidia' });
      expect(plan.labels).toMatchObject({ 'trainyard.gpus': 'GPU-1,MIG-2' });
      expect(plan.env).toMatchObject({ TRAINYARD_GPUS: 'GPU-1,MIG-2' });
    });

    it('has no GPU where none was leased, whatever the spec asks for', () => {
      const plan = planContainer({ ...IDENTITY, spec, lease: { ...lease, gpuIds: [] } }, FACTS);
      expect(plan.gpus).toBeUndefined();
      expect(plan.labels).not.toHaveProperty('trainyard.gpus');
      expect(plan.env).not.toHaveProperty('TRAINYARD_GPUS');
    });
  });
});
