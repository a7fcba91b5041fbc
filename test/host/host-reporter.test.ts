import { cpus } from 'node:os';

import { createEngine } from '../../docker/dockerode-engine';
import type { Engine } from '../../docker/engine';
import { createContainerCensus } from '../../host/container-census';
import { createDiskGuard } from '../../host/disk-guard';
import { watchEngine } from '../../host/engine-health';
import { startHostReporter, type HostReporterDeps } from '../../host/host-reporter';
import type { HostReport } from '../../store/run-store';
import { TEST_DOCKER_HOST } from '../helpers/engine';
import { until } from '../helpers/until';
import { hostConfig, NO_DISKS, QUIET, type HostConfig } from './helpers';

type More = Partial<Omit<HostReporterDeps, 'config'>> & { host?: Partial<HostConfig['host']> };

/** Everything of a host that is well; a test changes what it is about. */
function reporterDeps(engine: Engine, data: string, { host, ...more }: More = {}): HostReporterDeps {
  const settings = hostConfig(data, TEST_DOCKER_HOST);
  const config = { ...settings, host: { ...settings.host, ...host } };
  const health = watchEngine(engine);
  return {
    health,
    store: { reportHost: async () => undefined },
    config,
    disks: createDiskGuard({ config, engineRoot: () => health.info()?.rootDir ?? null }),
    gpus: { asked: Promise.resolve(), list: () => [], flag: () => null },
    census: createContainerCensus({ engine, config }),
    reconciled: () => 'all',
    onCutOff: () => undefined,
    nameClash: () => null,
    log: QUIET,
    ...more,
  };
}

async function reporting(deps: HostReporterDeps, isReached: () => unknown): Promise<void> {
  const reporter = startHostReporter(deps);
  try {
    await until(async () => isReached());
  } finally {
    await reporter.stop();
    await deps.health.stop();
  }
}

async function firstReport(engine: Engine, data = '/tmp', more: More = {}): Promise<HostReport> {
  const reports: HostReport[] = [];
  const store = { reportHost: async (report: HostReport) => void reports.push(report) };
  await reporting(reporterDeps(engine, data, { store, ...more }), () => reports[0]);
  engine.close();
  return reports[0]!;
}

describe('startHostReporter', () => {
  it('reports at once what the engine and the disk say', async () => {
    const report = await firstReport(createEngine(TEST_DOCKER_HOST));

    expect(report).toMatchObject({ name: 'test-host', engineReady: true, engineProblem: null });
    expect(report).toMatchObject({ engineAwaySince: null, fallback: 'none', fallbackAfterMs: 60_000 });
    expect(report.engineVersion).toMatch(/^\d+\./);
    expect(report.cpus).toBeGreaterThan(0);
    expect(report.diskFreeBytes).toBeGreaterThan(0);
    expect(report.diskTotalBytes).toBeGreaterThanOrEqual(report.diskFreeBytes!);
  });

  it('reports an engine that does not answer, with a sentence that says so', async () => {
    const report = await firstReport(createEngine('unix:///nowhere/docker.sock'));

    expect(report).toMatchObject({ engineReady: false, engineVersion: null });
    expect(report.engineProblem).toContain('/nowhere/docker.sock');
    expect(Date.parse(report.engineAwaySince!)).toBeLessThanOrEqual(Date.parse(report.reportedAt));
  });

  it.each([
    ['that of its machine', 'unix:///nowhere/docker.sock', cpus().length],
    ['nothing where its machine is another', 'tcp://127.0.0.1:9', null],
  ])('takes for what an engine has that was never heard %s', async (_, dockerHost, expected) => {
    const report = await firstReport(createEngine(dockerHost), '/tmp', { host: { dockerHost } });
    expect(report.cpus).toBe(expected);
  });

  it('reports no disk where the data folder is not there', async () => {
    const report = await firstReport(createEngine(TEST_DOCKER_HOST), '/nowhere/data');
    expect(report).toMatchObject({ diskFreeBytes: null, diskTotalBytes: null });
  });

  it('tells its pool, its labels and what runs may have of it, no more than there is', async () => {
    const host = { pool: 'night', labels: ['rack=r12'], cpus: 1, memory: '100m' };
    const report = await firstReport(createEngine(TEST_DOCKER_HOST), '/tmp', { host });
    expect(report).toMatchObject({ pool: 'night', labels: { rack: 'r12' }, cpus: 1, memoryBytes: 100 * 1024 ** 2 });
    expect(report).toMatchObject({ kernel: expect.stringMatching(/^\d/), operatingSystem: expect.any(String) });

    const more = await firstReport(createEngine(TEST_DOCKER_HOST), '/tmp', { host: { cpus: 4096, memory: '64t' } });
    const whole = await firstReport(createEngine(TEST_DOCKER_HOST));
    expect([more.cpus, more.memoryBytes]).toEqual([whole.cpus, whole.memoryBytes]);
  });

  it('tells the disks of the engine and of the data folder', async () => {
    const { disks } = await firstReport(createEngine(TEST_DOCKER_HOST));
    expect(disks.map(({ use }) => use)).toEqual(['engine', 'data']);
    for (const { usedPercent, freeBytes, totalBytes } of disks) {
      expect(usedPercent).toBeGreaterThan(0);
      expect(freeBytes).toBeLessThan(totalBytes);
    }
  });

  it('says each reason why the host takes no runs, and each flag', async () => {
    const disks = { ...NO_DISKS, refusal: () => 'has a disk that is 93 % full (/data)' };
    const gpus = { asked: Promise.resolve(), list: () => [], flag: () => 'The driver does not answer.' };
    const parts: More = { disks, gpus, nameClash: () => 'shares its name', reconciled: () => 'processes' };
    const report = await firstReport(createEngine(TEST_DOCKER_HOST), '/tmp', parts);
    expect(report.refuses).toEqual([
      'shares its name',
      'has not yet removed what may be left on it of runs that go on elsewhere',
      'has a disk that is 93 % full (/data)',
    ]);
    expect(report.reconciled).toBe('processes');
    expect(report.flags).toContain('The driver does not answer.');
  });

  it('flags an engine that is too old and one that ends its containers with itself, and admits both', async () => {
    const real = createEngine(TEST_DOCKER_HOST);
    const info = async () => ({ ...(await real.info()), version: '20.10.24', apiVersion: '1.41', liveRestore: false });
    const report = await firstReport({ ...real, info });
    expect(report.refuses).toEqual([]);
    expect(report.flags.join(' ')).toMatch(
      /20\.10\.24 .* Install Docker Engine 24.*Live-restore is off.*daemon\.json/s,
    );
  });

  it('reports at once what runs wait for, and not only when it is time', async () => {
    const reports: HostReport[] = [];
    let reconciled: HostReport['reconciled'] = 'nothing';
    const store = { reportHost: async (report: HostReport) => void reports.push(report) };
    const engine = createEngine(TEST_DOCKER_HOST);
    const deps = reporterDeps(engine, '/tmp', {
      store,
      reconciled: () => reconciled,
      everyMs: 3_600_000,
    });
    const reporter = startHostReporter(deps);
    await until(() => reports.length === 1);
    reconciled = 'all';
    reporter.now();
    await until(() => reports.length === 2);
    await reporter.stop();
    await deps.health.stop();
    engine.close();
    expect(reports.map((report) => report.refuses.length)).toEqual([1, 0]);
  });

  it('counts as cut off when its engine was away, whose containers may be stale', async () => {
    const real = createEngine(TEST_DOCKER_HOST);
    let isAway = true;
    const info = async () => {
      if (isAway) throw new Error('away');
      return real.info();
    };
    const health = watchEngine({ info }, 20);
    const reports: HostReport[] = [];
    let cutOffs = 0;
    const store = {
      reportHost: async (report: HostReport) => {
        reports.push(report);
        isAway = false;
      },
    };
    const deps = reporterDeps(real, '/tmp', { health, store, onCutOff: () => (cutOffs += 1), everyMs: 50 });
    await reporting(deps, () => reports.at(-1)?.engineReady);
    real.close();
    expect(reports[0]).toMatchObject({ engineReady: false });
    expect(cutOffs).toBe(1);
  });

  it('goes on when the store fails', async () => {
    const engine = createEngine(TEST_DOCKER_HOST);
    let failed = 0;
    const store = {
      reportHost: async () => {
        failed += 1;
        throw new Error('the store is away');
      },
    };
    const deps = reporterDeps(engine, '/tmp', { store });
    const reporter = startHostReporter(deps);
    await until(() => failed > 0);
    await expect(reporter.stop()).resolves.toBeUndefined();
    await deps.health.stop();
    engine.close();
  });
});
