import type { GangPlace } from '../../contract/gang';
import { planContainer } from '../../host/container-plan';
import { planGangNetwork } from '../../host/gang-plan';
import { NetworkRefusedError } from '../../host/network-refused-error';
import { specOf } from '../helpers/fake-host';

const HOST = {
  name: 'host-1',
  installation: 'here',
  networks: ['lab'],
  address: '',
  containerLogSizeBytes: 1000,
  containerLogFiles: 3,
  gpuRuntime: 'none' as const,
};
const PATHS = { params: '/d/params/r.json', artifacts: '/d/artifacts/r', checkpoints: '/d/checkpoints/r' };
const PLACE: GangPlace = {
  of: 'r',
  attempt: 2,
  rank: 1,
  worldSize: 3,
  masterAddress: 'node-0',
  masterPort: 29_500,
  network: { kind: 'bridge', name: 'trainyard-r-e4', internal: true },
};

function planOf(gang: GangPlace, host = HOST) {
  const input = {
    runId: 'r.e4.n1',
    attempt: 1,
    epoch: 4,
    specHash: 'abc',
    imageId: 'sha256:1',
    spec: specOf({}),
    gang,
  };
  return planContainer(input, { host, paths: PATHS, binds: [], resumeFrom: null });
}

describe('the container of a node of a gang', () => {
  it('finds its rank, the size of the gang and the first node under the names that launchers read', () => {
    expect(planOf(PLACE).env).toMatchObject({
      TRAINYARD_RUN_ID: 'r',
      TRAINYARD_ATTEMPT: '2',
      RANK: '1',
      NODE_RANK: '1',
      WORLD_SIZE: '3',
      NNODES: '3',
      MASTER_ADDR: 'node-0',
      MASTER_PORT: '29500',
      TRAINYARD_NODE_RANK: '1',
      TRAINYARD_NODES: '3',
    });
  });

  it('is in the network of the gang under a name of its own, not in that of its spec', () => {
    expect(planOf(PLACE)).toMatchObject({ network: 'trainyard-r-e4', networkAlias: 'node-1' });
    expect(planGangNetwork(PLACE, HOST)).toEqual({
      name: 'trainyard-r-e4',
      labels: { 'trainyard.installation': 'here', 'trainyard.run': 'r' },
      internal: true,
    });
  });

  it('is in a network that its spec names only where the host allows that', () => {
    expect(planOf({ ...PLACE, network: { kind: 'named', name: 'lab' } })).toMatchObject({ network: 'lab' });
    expect(planGangNetwork({ ...PLACE, network: { kind: 'named', name: 'lab' } }, HOST)).toBeNull();
    expect(() => planOf({ ...PLACE, network: { kind: 'named', name: 'other' } })).toThrow(NetworkRefusedError);
  });

  it('is in the network of its host only where the operator has given an address for that', () => {
    const spread: GangPlace = { ...PLACE, masterAddress: '10.0.0.1', network: { kind: 'host' } };
    const plan = planOf(spread, { ...HOST, address: '10.0.0.2' });

    expect(plan.network).toBe('host');
    expect(plan.networkAlias).toBeUndefined();
    expect(() => planOf(spread)).toThrow(/host\.address/);
  });
});
