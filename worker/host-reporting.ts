import { createContainerCensus } from '../host/container-census';
import { createDiskGuard, type DiskGuard } from '../host/disk-guard';
import type { EngineHealth } from '../host/engine-health';
import { createGpuInventory } from '../host/gpu-inventory';
import { startGpuWatch, type GpuWatch } from '../host/gpu-watch';
import { startHostReporter } from '../host/host-reporter';
import { openImageBook, type ImageBook } from '../host/image-book';
import { startImageCleaner } from '../host/image-cleaner';
import type { Reconciler } from '../host/reconciler';
import { watchHostName, type HostNameWatch } from './host-name-watch';
import type { HostSideDeps } from './host-side-deps';
import { createNeededImages } from './needed-images';
import type { TemporalLink } from './temporal-link';

/** What a pool has to know of a host before it gives it runs, looked at all the time and reported. */
export interface HostReporting {
  disks: DiskGuard;
  gpus: GpuWatch;
  images: ImageBook;
  /** What runs wait for has changed: it is reported now. */
  onChange(): void;
  /** Temporal is there: leases can be held against it. */
  meet(temporal: TemporalLink, reconciler: Reconciler): void;
  stop(): Promise<void>;
}

export function startHostReporting(deps: HostSideDeps, health: EngineHealth): HostReporting {
  const { config } = deps;
  let known: { temporal: TemporalLink; reconciler: Reconciler; name: HostNameWatch } | null = null;
  const images = openImageBook(deps);
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
    ...{ ...deps, health, disks, gpus, census: createContainerCensus(deps) },
    reconciled: () => known?.reconciler.reconciled() ?? 'nothing',
    onCutOff: () => known?.reconciler.onCutOff(),
    nameClash: () => known?.name.clash() ?? null,
  });
  const stops = [() => reporter.stop(), () => gpus.stop()];
  return {
    ...{ disks, gpus, images },
    onChange: () => reporter.now(),
    meet: (temporal, reconciler) => {
      const name = watchHostName(config.host.name, deps.instance, temporal);
      known = { temporal, reconciler, name };
      const cleaner = startCleaner(deps, { disks, images }, temporal);
      // Who has a GPU that he should not have is for Temporal to say.
      void reconciler.first.then(() => gpus.look()).then(() => reporter.now());
      stops.push(
        () => name.stop(),
        () => cleaner.stop(),
      );
    },
    stop: async () => {
      await Promise.all(stops.splice(0).map((stop) => stop()));
    },
  };
}

function startCleaner(
  deps: HostSideDeps,
  parts: Pick<HostReporting, 'disks' | 'images'>,
  { scheduledRuns }: TemporalLink,
): ReturnType<typeof startImageCleaner> {
  return startImageCleaner({ ...deps, ...parts, neededImages: createNeededImages({ ...deps, scheduledRuns }) });
}
