import { createDiskGuard, type DiskGuard } from '../host/disk-guard';
import type { EngineHealth } from '../host/engine-health';
import { createGpuInventory } from '../host/gpu-inventory';
import { startGpuWatch, type GpuWatch } from '../host/gpu-watch';
import { startHostReporter } from '../host/host-reporter';
import type { Reconciler } from '../host/reconciler';
import type { HostSideDeps } from './host-side-deps';
import type { TemporalLink } from './temporal-link';

/** What a pool has to know of a host before it gives it runs, looked at all the time and reported. */
export interface HostReporting {
  disks: DiskGuard;
  gpus: GpuWatch;
  /** Temporal is there: leases can be held against it. */
  meet(temporal: TemporalLink, reconciler: Reconciler): void;
  stop(): Promise<void>;
}

export function startHostReporting(deps: HostSideDeps, health: EngineHealth): HostReporting {
  const { config } = deps;
  let known: { temporal: TemporalLink; reconciler: Reconciler } | null = null;
  const disks = createDiskGuard({ config, engineRoot: () => health.info()?.rootDir ?? null });
  const gpus = startGpuWatch({
    ...deps,
    inventory: createGpuInventory(config.host.gpuCommand),
    standingOf: async (runId) => {
      if (known === null) throw new Error('Temporal is not there yet');
      return known.temporal.standingOf(runId);
    },
  });
  const reporter = startHostReporter({
    ...deps,
    health,
    disks,
    gpus,
    reconciled: () => known?.reconciler.reconciled() ?? 'nothing',
    onCutOff: () => known?.reconciler.onCutOff(),
    nameClash: () => null,
  });
  const stops = [() => reporter.stop(), () => gpus.stop()];
  return {
    disks,
    gpus,
    meet: (temporal, reconciler) => {
      known = { temporal, reconciler };
    },
    stop: async () => {
      await Promise.all(stops.splice(0).map((stop) => stop()));
    },
  };
}
