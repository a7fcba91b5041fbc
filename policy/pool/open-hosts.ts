import type { PoolSettings } from '../../contract/pool';
import { isExpected, isReady, takesProcesses, type Host } from './host';
import { fullNodes, isReachable, mayHold, type Shape } from './shape';

/**
 * Which hosts may take a shape. First those whose engine answers and that the run need not avoid; those that it is to avoid
 * only where no other could ever hold it, one that is silent for a moment included; local processes only where no engine
 * could, and the pool and the host both allow them. A host that is cordoned, drained, lost or refuses runs is not waited for.
 */
export function openHosts(shape: Shape, hosts: readonly Host[], { fallback }: Pick<PoolSettings, 'fallback'>): Opening {
  const { hasCommand, avoid } = shape.request;
  const able = hosts.filter((host) => isAble(host, shape));
  const enough = (some: readonly Host[]): boolean => isEnough(some, shape);
  const withoutAvoided = (some: readonly Host[]): readonly Host[] =>
    avoid.length === 0 ? some : some.filter(({ name }) => !avoid.includes(name));
  const ready = able.filter(isReady);
  const others = withoutAvoided(ready);
  if (enough(others)) return opening(others, {});
  if (enough(withoutAvoided(able).filter((host) => isReady(host) || isExpected(host)))) {
    return opening([], { closed: enough(ready) ? 'avoided' : 'no-host' });
  }
  if (enough(ready)) return opening(ready, { avoidsNone: true });
  // Local processes have no network of their own to find each other on.
  const mayBeProcess = fallback === 'process' && hasCommand && shape.nodes === 1;
  const processes = mayBeProcess ? able.filter(takesProcesses) : [];
  const elsewhere = withoutAvoided(processes);
  if (enough(elsewhere)) return opening(elsewhere, { asProcess: true });
  if (enough(processes)) return opening(processes, { asProcess: true, avoidsNone: true });
  return opening([], { closed: 'no-host' });
}

/**
 * The same for a shape whose hosts are open without further ado, from those that have changed since; false where that is not
 * enough to know it.
 */
export function reopenHosts(shape: Shape, changed: Iterable<Host>): boolean {
  const { open, closed, asProcess, avoidsNone, request } = shape;
  if (closed !== null || asProcess || avoidsNone) return false;
  for (const host of changed) {
    const isOpen = isReady(host) && !request.avoid.includes(host.name) && isAble(host, shape);
    if (isOpen) open.add(host);
    else open.delete(host);
  }
  return isEnough(open, shape);
}

type Opening = Pick<Shape, 'open' | 'closed' | 'asProcess' | 'avoidsNone'>;

function opening(hosts: readonly Host[], more: Partial<Opening>): Opening {
  return { open: new Set(hosts), closed: null, asProcess: false, avoidsNone: false, ...more };
}

function isEnough(hosts: Iterable<Host>, shape: Shape): boolean {
  let nodes = 0;
  for (const host of hosts) {
    nodes += fullNodes(host, shape);
    if (nodes >= shape.nodes) return true;
  }
  return false;
}

/** Whether it is a host that is asked for, and empty could hold all of a shape, or a part of it that the rest can reach. */
function isAble(host: Host, shape: Shape): boolean {
  if (!mayHold(host, shape.request)) return false;
  const nodes = fullNodes(host, shape);
  return nodes > 0 && (nodes >= shape.nodes || isReachable(host));
}
