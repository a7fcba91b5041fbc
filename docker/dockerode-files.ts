import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { findCpuCgroup, type CpuCgroup } from './container-cgroup';
import { toContainerInfo } from './container-info';
import { containerOf, expecting, type Connection } from './dockerode-connection';
import type { Engine } from './engine';
import { createLogFiles, haveFineTimes } from './log-files';

/**
 * What of a container this process reaches by files: both its log, with times that tell when which file was written, and its
 * control group, or nothing.
 */
export function filesCall({ docker, call }: Connection, findCgroup = findCpuCgroup): Engine['filesOf'] {
  return async (id) => {
    const inspected = await call('other', () => expecting([404], containerOf(docker, id).inspect()));
    // A process id of 0 is that of a container that does not run.
    if (inspected === 404 || inspected.State.Pid === 0) return null;
    const cgroup = await findCgroup(inspected.State.Pid, inspected.Id);
    const kept = toContainerInfo(inspected).log;
    if (kept === null) return null;
    const log = createLogFiles(inspected.LogPath, kept.fileBytes, kept.maxFiles);
    return cgroup !== null && isSeen(log) ? { log, limitCpus: (cpus) => limitCpus(cgroup, cpus) } : null;
  };
}

function isSeen(log: ReturnType<typeof createLogFiles>): boolean {
  try {
    return haveFineTimes(log().files);
  } catch {
    return false;
  }
}

/** An engine's own period; below its least share it takes a longer one. The kernel takes no quota of less than a millisecond. */
const PERIOD_MICROSECONDS = 100_000;
const LONGEST_PERIOD_MICROSECONDS = 1_000_000;
const LEAST_ENGINE_CPUS = 0.01;

function limitCpus({ version, folder }: CpuCgroup, cpus: number): boolean {
  const period = cpus < LEAST_ENGINE_CPUS ? LONGEST_PERIOD_MICROSECONDS : PERIOD_MICROSECONDS;
  const quota = Math.round(cpus * period);
  try {
    if (version === 2) {
      writeFileSync(join(folder, 'cpu.max'), `${quota} ${period}`);
    } else {
      writeFileSync(join(folder, 'cpu.cfs_period_us'), String(period));
      writeFileSync(join(folder, 'cpu.cfs_quota_us'), String(quota));
    }
    return true;
  } catch {
    return false;
  }
}
