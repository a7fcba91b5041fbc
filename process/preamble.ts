import type { ContainerPlan } from '../docker/engine';
import type { Means } from './machine';

/**
 * What the log of a run begins with where it is a local process: that it is one, why, and which of the promises made for a
 * container are kept on this machine.
 */
export function preamble(plan: ContainerPlan, { cgroups, hasIp }: Means): string[] {
  const { engineAwaySince = '?' } = plan.asProcess ?? {};
  const isAlone = plan.network === 'none';
  const kept = [
    `user ${plan.user} without any privilege`,
    ...(isAlone ? ['no network'] : []),
    'mounts of its own',
    ...(cgroups === null ? [] : ['memory, CPUs and number of processes']),
  ];
  const broken = [
    'the files, programs and processes are those of the host',
    ...(isAlone ? [] : ['the network is that of the host, with all that listens on its loopback addresses']),
    ...(isAlone && !hasIp ? ['there is no loopback address'] : []),
    ...(cgroups === null
      ? [
          'memory is limited for each process alone, and CPUs and number of processes not at all, as there are no control groups',
        ]
      : []),
  ];
  return [
    `NO CONTAINER: this attempt is a local process of the host, because its Docker Engine has been away since ${engineAwaySince} (host.fallback: process)`,
    `NO CONTAINER: the image ${plan.image} is not used; kept are: ${kept.join(', ')}; not kept: ${broken.join('; ')}`,
  ];
}
