import { readCgroupUsage, withoutCache, type CgroupFolders } from './cgroup-usage';
import { findContainerCgroup } from './container-cgroup';
import { containerOf, expecting, type Connection } from './dockerode-connection';
import type { ContainerUsage, Engine } from './engine';

/** How many containers are remembered by where their files lie; more than a host has at once. */
const REMEMBERED = 1000;

/**
 * What containers use. Where this process sees the kernel's own files, it reads them: they know the most there ever was, and the
 * engine is asked once for each container. Elsewhere the engine is asked each time, which knows less.
 *
 * @param findCgroup how those files are found; another one is for tests.
 */
export function usageCall({ docker, call }: Connection, findCgroup = findContainerCgroup): Engine['usage'] {
  const known = new Map<string, CgroupFolders | 'engine'>();

  const find = async (id: string): Promise<CgroupFolders | 'engine' | null> => {
    const inspected = await call('other', () => expecting([404], containerOf(docker, id).inspect()));
    // A process id of 0 is that of a container that does not run.
    if (inspected === 404 || inspected.State.Pid === 0) return null;
    return (await findCgroup(inspected.State.Pid, inspected.Id)) ?? 'engine';
  };

  const ask = async (id: string): Promise<ContainerUsage | null> => {
    const options = { stream: false, 'one-shot': true } as const;
    const stats: unknown = await call('other', () => expecting([404, 409], containerOf(docker, id).stats(options)));
    return stats === 404 || stats === 409 ? null : usageIn(stats as EngineStats);
  };

  return async (id) => {
    const place = known.get(id) ?? (await find(id));
    if (place === null) return null;
    const usage = place === 'engine' ? await ask(id) : await readCgroupUsage(place);
    known.delete(id);
    if (usage !== null) known.set(id, place);
    if (known.size > REMEMBERED) known.delete([...known.keys()][0]!);
    return usage;
  };
}

/** What we read of an engine's statistics; of a container that does not run they are empty. */
export interface EngineStats {
  memory_stats?: { usage?: number; max_usage?: number; stats?: Record<string, number> };
  cpu_stats?: { cpu_usage?: { total_usage?: number } };
}

export function usageIn({ memory_stats: memory, cpu_stats: cpu }: EngineStats): ContainerUsage | null {
  const bytes = memory?.max_usage ?? memory?.usage;
  if (bytes === undefined) return null;
  const of = (name: string): number => memory?.stats?.[`total_${name}`] ?? memory?.stats?.[name] ?? 0;
  const nanoseconds = cpu?.cpu_usage?.total_usage;
  return {
    peakMemoryBytes: withoutCache(bytes, of('inactive_file') + of('active_file')),
    cpuSeconds: nanoseconds === undefined ? null : nanoseconds / 1e9,
    // It does not tell.
    oomKills: null,
  };
}
