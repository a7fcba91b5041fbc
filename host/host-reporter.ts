import { statfs } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Logger } from 'pino';

import type { Config } from '../config/config';
import { parseDuration } from '../contract/units';
import type { HostReport, RunStore } from '../store/run-store';
import type { EngineHealth } from './engine-health';

const REPORT_EVERY_MS = 5000;

export interface HostReporterDeps {
  health: EngineHealth;
  store: Pick<RunStore, 'reportHost'>;
  config: Pick<Config, 'data' | 'host'>;
  log: Logger;
}

/**
 * Reports at once and then every 5 s that this host lives, and what its engine and its disk say. Trouble with either is
 * part of the report; trouble with the store is logged once until it is over.
 *
 * @returns stop, which resolves when no report is under way any more.
 */
export function startHostReporter(deps: HostReporterDeps): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const running = report(deps, stopping.signal);
  return {
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

async function report(deps: HostReporterDeps, signal: AbortSignal): Promise<void> {
  let failing = false;
  await deps.health.asked;
  while (!signal.aborted) {
    try {
      await deps.store.reportHost(await hostReport(deps));
      failing = false;
    } catch (error) {
      if (!failing) deps.log.warn({ err: error }, 'The host cannot report to the store; trying again');
      failing = true;
    }
    await sleep(REPORT_EVERY_MS, undefined, { signal, ref: false }).catch(() => undefined);
  }
}

async function hostReport({ health, config }: HostReporterDeps): Promise<HostReport> {
  const info = health.info();
  return {
    name: config.host.name,
    reportedAt: new Date().toISOString(),
    engineReady: info !== null,
    engineProblem: health.problem(),
    engineAwaySince: health.awaySince()?.toISOString() ?? null,
    fallback: config.host.fallback,
    fallbackAfterMs: parseDuration(config.host.fallbackAfter),
    engineVersion: info?.version ?? null,
    apiVersion: info?.apiVersion ?? null,
    liveRestore: info?.liveRestore ?? null,
    cpus: info?.cpus ?? null,
    memoryBytes: info?.memoryBytes ?? null,
    ...(await diskOf(config.data)),
  };
}

async function diskOf(folder: string): Promise<Pick<HostReport, 'diskFreeBytes' | 'diskTotalBytes'>> {
  try {
    const { bavail, blocks, bsize } = await statfs(folder);
    return { diskFreeBytes: bavail * bsize, diskTotalBytes: blocks * bsize };
  } catch {
    // A folder that cannot be looked at is what null means; whoever writes there says why.
    return { diskFreeBytes: null, diskTotalBytes: null };
  }
}
