import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { foldersIn } from '../../docker/container-cgroup';
import { connect } from '../../docker/dockerode-connection';
import { usageCall, usageIn } from '../../docker/dockerode-usage';
import { plainAgent } from '../../docker/modem-dial';
import { testEngine } from '../helpers/engine';
import { scratchFolder } from '../helpers/scratch-folder';
import { until } from '../helpers/until';
import { python } from '../host/helpers';

const MEBIBYTE = 1024 ** 2;
const { engine, dockerHost, plan, run, dispose } = testEngine();
afterAll(() => dispose());

describe('the usage of a container', () => {
  it('knows the most memory there was, also where it was given back since, and the time of processors', async () => {
    const id = await run(
      python(`
x = bytearray(100 * 1024 ** 2); del x
import time
while time.process_time() < 0.5: pass
print("done")
time.sleep(600)`),
    );
    const usage = await until(async () => {
      const seen = await engine.usage(id);
      return (seen?.cpuSeconds ?? 0) >= 0.5 && seen;
    });
    expect(usage.peakMemoryBytes).toBeGreaterThan(100 * MEBIBYTE);
    expect(usage.peakMemoryBytes).toBeLessThan(140 * MEBIBYTE);
    expect(usage.cpuSeconds).toBeLessThan(30);
    expect(usage.oomKills).toBe(0);
  });

  it('does not take what the kernel keeps of files for memory in use', async () => {
    const write = 'dd if=/dev/zero of=/tmp/file bs=1M count=100 2>/dev/null; echo written; exec sleep 600';
    const id = await run(['sh', '-c', write]);
    await until(async () => {
      for await (const records of engine.readLogs(id, { follow: false, signal: new AbortController().signal })) {
        if (records.length > 0) return true;
      }
      return false;
    });
    expect((await engine.usage(id))?.peakMemoryBytes).toBeLessThan(60 * MEBIBYTE);
  });

  it('counts the children that the kernel killed for want of memory', async () => {
    const child = 'python3 -c "x = bytearray(512 * 1024 ** 2)"; echo $?; exec sleep 600';
    const id = await run(['sh', '-c', child], { memoryBytes: 64 * MEBIBYTE });
    const usage = await until(async () => {
      const seen = await engine.usage(id);
      return (seen?.oomKills ?? 0) > 0 && seen;
    });
    expect(usage.oomKills).toBe(1);
    expect(usage.peakMemoryBytes).toBeGreaterThan(55 * MEBIBYTE);
  });

  it('is asked of the engine where the files of the kernel are not to be seen', async () => {
    const agent = plainAgent();
    const usage = usageCall(connect(dockerHost, agent), async () => null);
    const id = await run(python('x = bytearray(50 * 1024 ** 2)\nimport time; time.sleep(600)'));
    const seen = await until(async () => {
      const now = await usage(id);
      return (now?.peakMemoryBytes ?? 0) > 50 * MEBIBYTE && now;
    });
    expect(seen).toEqual({
      peakMemoryBytes: expect.any(Number),
      cpuSeconds: expect.any(Number),
      oomKills: null,
    });
    expect(seen.cpuSeconds).toBeGreaterThan(0);
    await engine.signalContainer(id, 'SIGKILL');
    await engine.waitContainer(id, new AbortController().signal);
    expect(await usage(id)).toBeNull();
    await engine.removeContainer(id);
    expect(await usage(id)).toBeNull();
    agent.destroy();
  });

  it('is nothing where it does not run, not any more, or never was', async () => {
    const { id } = await engine.createContainer(plan());
    expect(await engine.usage(id)).toBeNull();
    const running = await run(['sleep', '600']);
    expect(await engine.usage(running)).not.toBeNull();
    await engine.removeContainer(running);
    expect(await engine.usage(running)).toBeNull();
    expect(await engine.usage('f'.repeat(64))).toBeNull();
  });
});

describe('where the control group of a container lies', () => {
  const ID = 'a'.repeat(64);
  const scratch = scratchFolder();
  const make = (path: string): string => {
    mkdirSync(join(scratch.path, path), { recursive: true });
    return join(scratch.path, path);
  };

  it('is read in version 1, for each controller', () => {
    const memory = make(`memory/docker/${ID}`);
    const cpu = make(`cpuacct/docker/${ID}`);
    const text = `9:name=systemd:/\n4:memory:/docker/${ID}\n2:cpu,cpuacct:/docker/${ID}/deeper\n0::/\n`;
    expect(foldersIn(text, ID, scratch.path)).toEqual({ version: 1, memory, cpu });
  });

  it('is read in version 2', () => {
    const folder = make(`system.slice/docker-${ID}.scope`);
    const text = `0::/system.slice/docker-${ID}.scope/init.scope\n`;
    expect(foldersIn(text, ID, scratch.path)).toEqual({ version: 2, memory: folder, cpu: folder });
  });

  it.each([
    ['the process is of somebody else', `0::/system.slice/docker-${'b'.repeat(64)}.scope\n`],
    ['the files are not to be seen', `0::/elsewhere/${ID}\n`],
    ['there is nothing to read', ''],
  ])('is not known where %s', (_, text) => {
    expect(foldersIn(text, ID, scratch.path)).toBeNull();
  });
});

describe('the statistics of an engine', () => {
  it('are read in version 1, which has a high-water mark', () => {
    const stats = { total_inactive_file: 100, total_active_file: 50, inactive_file: 1 };
    const memory = { usage: 1000, max_usage: 2000, stats };
    const cpu = { cpu_usage: { total_usage: 1_500_000_000 } };
    expect(usageIn({ memory_stats: memory, cpu_stats: cpu })).toEqual({
      peakMemoryBytes: 1850,
      cpuSeconds: 1.5,
      oomKills: null,
    });
  });

  it('are read in version 2', () => {
    const memory = { usage: 1000, stats: { inactive_file: 100, active_file: 50, anon: 7 } };
    expect(usageIn({ memory_stats: memory })).toEqual({ peakMemoryBytes: 850, cpuSeconds: null, oomKills: null });
  });

  it('are nothing for a container that does not run', () => {
    expect(usageIn({ memory_stats: {}, cpu_stats: { cpu_usage: { total_usage: 0 } } })).toBeNull();
  });
});
