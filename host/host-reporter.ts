import { cpus as processorsOf, totalmem } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Logger } from 'pino';

import type { Config } from '../config/config';
import { parseHostLabels } from '../config/host-lists';
import type { HostReport } from '../contract/host';
import { parseDuration, parseSize } from '../contract/units';
import type { EngineInfo } from '../docker/engine';
import { shortcomingsOf } from '../docker/engine-shortcomings';
import { REPORT_FRESH_MS } from '../policy/placement';
import type { RunStore } from '../store/run-store';
import type { ContainerCensus } from './container-census';
import type { DiskGuard } from './disk-guard';
import type { EngineHealth } from './engine-health';
import type { GpuWatch } from './gpu-watch';

const REPORT_EVERY_MS = 5000;

export interface HostReporterDeps {
  health: EngineHealth;
  store: Pick<RunStore, 'reportHost'>;
  config: Pick<Config, 'data' | 'host'>;
  disks: DiskGuard;
  /** As they were seen last; never waits for the driver. */
  gpus: Pick<GpuWatch, 'asked' | 'list' | 'flag'>;
  census: ContainerCensus;
  /** How much of what is on the host was held against Temporal since it was last cut off. */
  reconciled: () => HostReport['reconciled'];
  /** Told that the host may have been cut off: its report did not arrive, or came so late that the host was given up. */
  onCutOff: () => void;
  /** Who else has the name of this host, in half a sentence; null where nobody has. */
  nameClash: () => string | null;
  log: Logger;
  /** Default: 5 s. */
  everyMs?: number;
}

export interface HostReporter {
  /** Something has changed that runs wait for: the next report is made now. */
  now(): void;
  stop(): Promise<void>;
}

/**
 * Reports at once and then every 5 s that this host lives, and what its engine, its disks and its GPUs are. Trouble with any
 * of them is part of the report; trouble with the store is logged once until it is over.
 *
 * @returns stop, which resolves when no report is under way any more.
 */
export function startHostReporter(deps: HostReporterDeps): HostReporter {
  const stopping = new AbortController();
  const pause = { wake: new AbortController() };
  const running = report(deps, stopping.signal, pause);
  return {
    now: () => pause.wake.abort(),
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

async function report(deps: HostReporterDeps, signal: AbortSignal, pause: { wake: AbortController }): Promise<void> {
  const memory: Memory = { engine: null, wasAway: false };
  let failing = false;
  let arrivedMs = Date.now();
  await Promise.all([deps.health.asked, deps.gpus.asked]);
  while (!signal.aborted) {
    pause.wake = new AbortController();
    // A process or a machine that slept is a host that did not report, too.
    if (Date.now() - arrivedMs > REPORT_FRESH_MS) deps.onCutOff();
    // So may be an engine that was away: its runs were given up meanwhile, its containers went on.
    const isAway = deps.health.info() === null;
    if (memory.wasAway && !isAway) deps.onCutOff();
    memory.wasAway = isAway;
    try {
      await deps.store.reportHost(await hostReport(deps, memory));
      failing = false;
      arrivedMs = Date.now();
    } catch (error) {
      if (!failing) deps.log.warn({ err: error }, 'The host cannot report to the store; trying again');
      failing = true;
    }
    const either = AbortSignal.any([signal, pause.wake.signal]);
    await sleep(deps.everyMs ?? REPORT_EVERY_MS, undefined, { signal: either, ref: false }).catch(() => undefined);
  }
}

interface Memory {
  /** What the engine said last, for while it is away: its host still has what it had. */
  engine: EngineInfo | null;
  /** Whether it was away at the report before. */
  wasAway: boolean;
}

async function hostReport(deps: HostReporterDeps, memory: Memory): Promise<HostReport> {
  const { health, config, disks: guard, gpus, census, reconciled, nameClash } = deps;
  const info = health.info();
  memory.engine = info ?? memory.engine;
  const disks = await guard.look();
  const data = disks.find(({ use }) => use === 'data');
  const standing = reconciled();
  // After what was removed: a host that takes runs again tells of nothing that is gone.
  const containers = await census.take();
  return {
    name: config.host.name,
    pool: config.host.pool,
    labels: parseHostLabels(config.host.labels),
    address: config.host.address || null,
    reportedAt: new Date().toISOString(),
    engineReady: info !== null,
    engineProblem: health.problem(),
    engineAwaySince: health.awaySince()?.toISOString() ?? null,
    reconciled: standing,
    refuses: [
      nameClash(),
      standing === 'all' ? null : NOT_RECONCILED,
      containers === null ? NOT_COUNTED : null,
      guard.refusal(disks),
    ].filter(isThere),
    flags: [...shortcomings(info), gpus.flag()].filter(isThere),
    fallback: config.host.fallback,
    fallbackAfterMs: parseDuration(config.host.fallbackAfter),
    ...engineFacts(info, memory),
    ...capacity(config.host, memory.engine),
    gpus: gpus.list(),
    ...(containers && { containers }),
    diskFreeBytes: data?.freeBytes ?? null,
    diskTotalBytes: data?.totalBytes ?? null,
    disks,
  };
}

function engineFacts(
  info: EngineInfo | null,
  { engine }: Memory,
): Pick<HostReport, 'engineVersion' | 'apiVersion' | 'liveRestore' | 'operatingSystem' | 'kernel'> {
  return {
    engineVersion: info?.version ?? null,
    apiVersion: info?.apiVersion ?? null,
    liveRestore: info?.liveRestore ?? null,
    operatingSystem: engine?.operatingSystem ?? null,
    kernel: engine?.kernel ?? null,
  };
}

const NOT_RECONCILED = 'has not yet removed what may be left on it of runs that go on elsewhere';
const NOT_COUNTED = 'does not know yet which containers run on it';

function shortcomings(info: EngineInfo | null): string[] {
  return info === null ? [] : shortcomingsOf(info).map(({ finding, mend }) => `${finding} ${mend}`);
}

/** An engine grants no more than it has, whatever the settings say. Without one, a local process has the machine. */
function capacity(
  { cpus, memory, dockerHost, fallback }: Config['host'],
  engine: Pick<EngineInfo, 'cpus' | 'memoryBytes'> | null,
): Pick<HostReport, 'cpus' | 'memoryBytes'> {
  const isHere = fallback === 'process' || dockerHost.startsWith('unix:');
  const machine = isHere ? { cpus: processorsOf().length, memoryBytes: totalmem() } : null;
  const there = engine ?? machine;
  if (there === null) return { cpus: null, memoryBytes: null };
  return {
    cpus: Math.min(there.cpus, cpus === 0 ? Infinity : cpus),
    memoryBytes: Math.min(there.memoryBytes, memory === '' ? Infinity : parseSize(memory)),
  };
}

function isThere<T>(value: T | null): value is T {
  return value !== null;
}
