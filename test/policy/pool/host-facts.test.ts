import type { HostReport } from '../../../contract/host';
import type { PoolHostFacts } from '../../../contract/pool';
import { HOST_LOST_MS, poolFactsOf } from '../../../policy/pool/host-facts';
import { hostReport } from '../../helpers/host-report';

const NOW = Date.parse('2026-11-24T12:00:00.000Z');
const ago = (ms: number): string => new Date(NOW - ms).toISOString();

function facts(changes: Partial<HostReport> & { ageMs?: number } = {}): PoolHostFacts {
  const { ageMs = 1_000, ...more } = changes;
  const [only] = poolFactsOf([hostReport({ reportedAt: ago(ageMs), ...more })], NOW);
  return only!;
}

it('passes on what a host has and is', () => {
  const gpu = { id: 'GPU-1', index: 0, model: 'H100', memoryBytes: 80, mig: false, trouble: null, detail: null };
  expect(facts({ cpus: 4, memoryBytes: 99, labels: { rack: 'r1' }, gpus: [gpu], address: '10.0.0.1' })).toEqual({
    ...{ name: 'one', cpus: 4, memoryBytes: 99, labels: { rack: 'r1' }, gpus: [gpu], address: '10.0.0.1' },
    ...{ contact: 'ok', refuses: null, processesSince: null },
  });
});

it('has the hosts in the order of their names, whatever the order of the reports', () => {
  const reports = ['b', 'a', 'C'].map((name) => hostReport({ name }));
  expect(poolFactsOf(reports, NOW).map(({ name }) => name)).toEqual(['C', 'a', 'b']);
});

it.each([
  [15_000, 'ok'],
  [15_001, 'unreachable'],
  [HOST_LOST_MS, 'unreachable'],
  [HOST_LOST_MS + 1, 'lost'],
])('calls a host whose report is %d ms old %s', (ageMs, contact) => {
  expect(facts({ ageMs }).contact).toBe(contact);
});

it('says nothing that changes with the time alone, so that facts can be compared', () => {
  const reports = [hostReport({ reportedAt: ago(20_000), engineReady: false, engineAwaySince: ago(90_000) })];
  expect(poolFactsOf(reports, NOW)).toEqual(poolFactsOf(reports, NOW + 60_000));
});

it('says why a host takes no runs: its engine, or what it says itself', () => {
  expect(facts({ engineReady: false }).refuses).toBe('has a Docker Engine that does not answer');
  expect(facts({ engineReady: false, engineProblem: 'refused', refuses: ['is cut off'] }).refuses).toBe(
    'has a Docker Engine that does not answer (refused)',
  );
  expect(facts({ refuses: ['has a disk that is 93 % full', 'is cut off'] }).refuses).toBe(
    'has a disk that is 93 % full, and is cut off',
  );
});

it('counts nothing of a host that never saw its engine', () => {
  expect(facts({ engineReady: false, cpus: null, memoryBytes: null })).toMatchObject({ cpus: 0, memoryBytes: 0 });
});

describe('a host that allows local processes', () => {
  const away = (forMs: number, more: Partial<HostReport> & { ageMs?: number } = {}): PoolHostFacts =>
    facts({ engineReady: false, engineAwaySince: ago(1_000 + forMs), fallback: 'process', ...more });

  it('may run them once its engine has been away for long enough', () => {
    expect(away(60_000).processesSince).toBe(ago(61_000));
    expect(away(59_999).processesSince).toBeNull();
    expect(away(60_000, { fallback: 'none' }).processesSince).toBeNull();
    expect(away(60_000, { ageMs: 15_001 }).processesSince).toBeNull();
  });

  it('may not before its own processes were held against Temporal; its containers need not be', () => {
    expect(away(60_000, { reconciled: 'nothing' }).processesSince).toBeNull();
    expect(away(60_000, { reconciled: 'processes' }).processesSince).not.toBeNull();
  });
});
