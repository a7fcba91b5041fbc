import type { HostIntent, PoolHostFacts, PoolSettings } from '../../contract/pool';
import { createHost, measured } from './host';
import { addHost, hostsChanged, rosterChanged } from './occupancy';
import type { Pool } from './pool';

/**
 * Takes the hosts of a pool as they are now. One that is not among them is forgotten, unless leases are held there: then it
 * is lost until they are given back.
 */
export function addHosts(pool: Pool, hosts: readonly PoolHostFacts[]): void {
  const named = new Map(hosts.map((facts) => [facts.name, facts]));
  const known = pool.hosts.length;
  const changed = pool.hosts.filter((host) => {
    host.gone = !named.has(host.name);
    const facts = named.get(host.name) ?? { ...host.facts, contact: 'lost' as const };
    if (isSame(facts, host.facts)) return false;
    Object.assign(host, measured(facts, pool.settings.cpuOvercommit));
    return true;
  });
  for (const facts of named.values()) {
    if (pool.hostNamed.has(facts.name)) continue;
    addHost(pool, createHost({ facts, intent: 'none', gone: false }, pool.settings.cpuOvercommit));
  }
  if (pool.hosts.length > known) rosterChanged(pool);
  else if (changed.length > 0) hostsChanged(pool, changed);
  forgetHosts(pool);
}

const isSame = (one: PoolHostFacts, other: PoolHostFacts): boolean =>
  one === other || JSON.stringify(one) === JSON.stringify(other);

export function changeIntent(pool: Pool, name: string, intent: HostIntent): boolean {
  const host = pool.hostNamed.get(name);
  if (!host) return false;
  host.intent = intent;
  hostsChanged(pool, [host]);
  return true;
}

export function configurePool(pool: Pool, settings: Partial<PoolSettings>): void {
  const before = pool.settings;
  pool.settings = { ...before, ...settings };
  const { cpuOvercommit, fallback } = pool.settings;
  if (cpuOvercommit === before.cpuOvercommit && fallback === before.fallback) return;
  for (const host of pool.hosts) Object.assign(host, measured(host.facts, cpuOvercommit));
  hostsChanged(pool, pool.hosts);
}

/** Forgets hosts that are gone and hold nothing any more. */
export function forgetHosts(pool: Pool): void {
  const over = pool.hosts.filter(({ gone, held }) => gone && held.size === 0);
  if (over.length === 0) return;
  for (const { name } of over) pool.hostNamed.delete(name);
  pool.hosts = pool.hosts.filter((host) => !over.includes(host));
  rosterChanged(pool);
}
