import { mkdtemp, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { ContainerPlan } from '../../docker/engine';
import { testEngine } from '../helpers/engine';

const { engine, plan, run, dispose } = testEngine();
const never = new AbortController().signal;

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trainyard-binds-'));
});

afterAll(async () => {
  await dispose();
  await rm(folder, { recursive: true, force: true });
});

/** What a container of the plan prints, once it has ended. */
async function outputOf(command: string[], overrides: Partial<ContainerPlan> = {}): Promise<string> {
  const id = await run(command, overrides);
  const lines: string[] = [];
  for await (const records of engine.readLogs(id, { follow: true, signal: never })) {
    lines.push(...records.map(({ data }) => data.toString('utf8')));
  }
  return lines.join('\n');
}

test('a container has no right to anything: no root, no capability, no new privileges, no terminal', async () => {
  const status = await outputOf(['sh', '-c', 'id -u; id -g; cat /proc/self/status; test -t 1 && echo terminal']);
  expect(status).toMatch(/^1000\n1000\n/);
  for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) {
    expect(status).toMatch(new RegExp(`^${set}:\\t0{16}$`, 'm'));
  }
  expect(status).toMatch(/^NoNewPrivs:\t1$/m);
  expect(status).toMatch(/^Seccomp:\t2$/m);
  expect(status).not.toContain('terminal');
});

test('as root, too, a container has no capability', async () => {
  const status = await outputOf(['sh', '-c', 'id -u; cat /proc/self/status'], { user: '0:0' });
  expect(status).toMatch(/^0\n/);
  expect(status).toMatch(/^CapEff:\t0{16}$/m);
  expect(status).toMatch(/^CapBnd:\t0{16}$/m);
});

test('the limits of a plan are those of the control groups', async () => {
  const script = [
    'cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null',
    'cat /sys/fs/cgroup/pids.max /sys/fs/cgroup/pids/pids.max 2>/dev/null',
    'cat /sys/fs/cgroup/cpu.max 2>/dev/null',
    'cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us 2>/dev/null',
    'df -B1 --output=size /dev/shm | tail -1 | tr -d " "',
  ].join('; ');
  const limits = { memoryBytes: 96 * 1024 ** 2, pids: 40, cpus: 0.5, shmBytes: 8 * 1024 ** 2 };
  const [memory, pids, cpu, shm] = (await outputOf(['sh', '-c', script], limits)).split('\n');
  expect(memory).toBe(String(limits.memoryBytes));
  expect(pids).toBe('40');
  expect(cpu).toMatch(/^50000\b/);
  expect(shm).toBe(String(limits.shmBytes));
});

test('without a network there is nothing but the loopback device', async () => {
  expect(await outputOf(['ls', '/sys/class/net'], { network: 'none' })).toBe('lo');
});

test('namespaces are the own of the container, with an init as process 1', async () => {
  const script = 'cat /proc/1/comm; readlink /proc/self/ns/ipc /proc/self/ns/pid /proc/self/ns/net';
  const [init, ...namespaces] = (await outputOf(['sh', '-c', script])).split('\n');
  expect(init).toMatch(/^(docker-init|tini)$/);
  for (const [index, name] of ['ipc', 'pid', 'net'].entries()) {
    expect(namespaces[index]).toMatch(/^\w+:\[\d+\]$/);
    expect(namespaces[index]).not.toBe(await readlink(`/proc/self/ns/${name}`));
  }
});

test('no GPU is shown to a run that has none, whatever its own environment says', async () => {
  const env = { NVIDIA_VISIBLE_DEVICES: 'all', GREETING: 'a b=c "d"' };
  const printed = await outputOf(['env'], { env });
  expect(printed).toMatch(/^NVIDIA_VISIBLE_DEVICES=void$/m);
  expect(printed).not.toContain('NVIDIA_VISIBLE_DEVICES=all');
  expect(printed).toMatch(/^GREETING=a b=c "d"$/m);
});

test('a bind is read-only where the plan says so, and writable where it does not', async () => {
  await writeFile(join(folder, 'in.txt'), 'from outside');
  const script = 'cat /in/in.txt; echo; echo x > /in/x || echo refused; echo inside > /out/out.txt';
  const binds = [
    { source: folder, target: '/in', readOnly: true },
    { source: folder, target: '/out', readOnly: false },
  ];
  const printed = await outputOf(['sh', '-c', script], { binds, user: `${process.getuid?.()}:${process.getgid?.()}` });
  // Two streams, so their lines may come in either order.
  expect(printed).toMatch(/^from outside$/m);
  expect(printed).toMatch(/^refused$/m);
  expect(await readFile(join(folder, 'out.txt'), 'utf8')).toBe('inside\n');
});

test('a bind whose source is missing is an error, and the source is not made', async () => {
  const source = join(folder, 'missing');
  const creating = engine.createContainer(plan({ binds: [{ source, target: '/in', readOnly: true }] }));
  await expect(creating).rejects.toThrow(/bind source path does not exist/);
  await expect(readFile(source)).rejects.toThrow(/ENOENT/);
});
