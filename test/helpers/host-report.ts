import type { Gpu } from '../../contract/gpu';
import type { HostReport } from '../../contract/host';

/** A GPU that is well. */
export function gpuNumber(index: number): Gpu {
  const id = `GPU-${index}`;
  return { id, index, model: 'NVIDIA H100', memoryBytes: 80 * 2 ** 30, mig: false, trouble: null, detail: null };
}

/** What a host reports that is well, now; a test changes what it is about. */
export function hostReport(changes: Partial<HostReport> = {}): HostReport {
  return {
    name: 'one',
    pool: 'default',
    address: null,
    labels: {},
    reportedAt: new Date().toISOString(),
    engineReady: true,
    engineProblem: null,
    engineAwaySince: null,
    reconciled: 'all',
    refuses: [],
    flags: [],
    fallback: 'none',
    fallbackAfterMs: 60_000,
    engineVersion: '26.1.5',
    apiVersion: '1.45',
    liveRestore: false,
    operatingSystem: 'Debian GNU/Linux 12 (bookworm)',
    kernel: '6.1.0',
    cpus: 2,
    memoryBytes: 1024,
    gpus: [],
    diskFreeBytes: 10,
    diskTotalBytes: 20,
    disks: [{ use: 'data', path: '/data', freeBytes: 10, totalBytes: 20, usedPercent: 50 }],
    ...changes,
  };
}
