import { createDirectPool } from '../../activities/direct-pool';
import type { LeaseRequest } from '../../contract/pool';
import { leaseRequestOf } from '../../policy/pool/lease-request';
import { specOf } from '../helpers/fake-host';
import { hostReport } from '../helpers/host-report';

const pool = createDirectPool({
  listHosts: async () => [hostReport({ name: 'a' })],
  listRuns: async () => ({ items: [], next: null }),
});
const claim = (wish: Partial<LeaseRequest>) => {
  const request = { ...leaseRequestOf(specOf({}), { submittedAt: '2026-01-01T00:00:00.000Z' }), ...wish };
  return pool.claim('default', { runId: 'one', claim: 1, attempt: 1, request });
};

it('gives a run a host without counting what it holds', async () => {
  expect(await claim({ cpus: 99 })).toMatchObject({ kind: 'granted', lease: { nodes: [{ host: 'a', cpus: 99 }] } });
});

it.each([
  [{ gpus: 1 }, 'only a pool gives GPUs out'],
  [{ nodes: 2 }, 'only a pool starts several nodes together'],
])('refuses what nobody can promise without counting: %j', async (wish, why) => {
  expect(await claim(wish)).toEqual({ kind: 'refused', why: expect.stringContaining(why) });
});
