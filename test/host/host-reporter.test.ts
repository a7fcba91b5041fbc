import { createEngine } from '../../docker/dockerode-engine';
import type { Engine } from '../../docker/engine';
import { watchEngine } from '../../host/engine-health';
import { startHostReporter } from '../../host/host-reporter';
import type { HostReport } from '../../store/run-store';
import { TEST_DOCKER_HOST } from '../helpers/engine';
import { until } from '../helpers/until';
import { hostConfig, QUIET } from './helpers';

async function firstReport(engine: Engine, data = '/tmp'): Promise<HostReport> {
  const reports: HostReport[] = [];
  const store = { reportHost: async (report: HostReport) => void reports.push(report) };
  const health = watchEngine(engine);
  const reporter = startHostReporter({ health, store, config: hostConfig(data, TEST_DOCKER_HOST), log: QUIET });
  try {
    return await until(() => reports[0]);
  } finally {
    await reporter.stop();
    await health.stop();
    engine.close();
  }
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

    expect(report).toMatchObject({ engineReady: false, engineVersion: null, cpus: null });
    expect(report.engineProblem).toContain('/nowhere/docker.sock');
    expect(Date.parse(report.engineAwaySince!)).toBeLessThanOrEqual(Date.parse(report.reportedAt));
  });

  it('reports no disk where the data folder is not there', async () => {
    const report = await firstReport(createEngine(TEST_DOCKER_HOST), '/nowhere/data');
    expect(report).toMatchObject({ diskFreeBytes: null, diskTotalBytes: null });
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
    const health = watchEngine(engine);
    const reporter = startHostReporter({ health, store, config: hostConfig('/tmp', TEST_DOCKER_HOST), log: QUIET });
    await until(() => failed > 0);
    await expect(reporter.stop()).resolves.toBeUndefined();
    await health.stop();
    engine.close();
  });
});
