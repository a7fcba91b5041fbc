import { machine, release } from 'node:os';

import type { Machine } from '../contract/evidence';
import type { EngineHealth } from './engine-health';
import { createGpuDriver } from './gpu-driver';

export interface MachineView {
  /** What a container, or a local process, that starts now runs on. */
  of(started: { imageId: string; asProcess?: boolean }): Promise<Machine>;
}

/** Tells it from what the engine said last, so that a start costs no call more; only where it has not answered is it asked. */
export function createMachineView(
  health: Pick<EngineHealth, 'info' | 'ask'>,
  gpuDriver: () => Promise<string | null> = createGpuDriver(),
): MachineView {
  return {
    of: async ({ imageId, asProcess }) => {
      if (asProcess) {
        const own = { engineVersion: null, kernel: release(), architecture: machine() };
        return { imageId: '', ...own, gpuDriver: await gpuDriver() };
      }
      if (health.info() === null) await health.ask();
      const info = health.info();
      return {
        imageId,
        engineVersion: info?.version ?? null,
        kernel: info?.kernel ?? null,
        architecture: info?.architecture ?? null,
        gpuDriver: await gpuDriver(),
      };
    },
  };
}
