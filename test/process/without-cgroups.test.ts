import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { cgroupFolders, cgroupUsage, findCgroups, makeCgroup } from '../../process/cgroups';
import { examineMachine } from '../../process/machine';
import { identify } from '../../process/proc';
import { hostPython, testProcesses, text } from '../helpers/processes';

describe('a machine without control groups', () => {
  const { engine, runToEnd, readAll, dispose } = testProcesses({ ...examineMachine(), cgroups: null });
  afterAll(dispose);

  it('limits the memory of each process, and says what it cannot keep', async () => {
    const id = await runToEnd(hostPython('x = bytearray(300 * 1024 ** 2)'), { memoryBytes: 100 * 1024 ** 2 });
    const info = await engine.inspectContainer(id);
    expect(info).toMatchObject({ exitCode: 1, oomKilled: false });
    expect((await readAll(id)).map(text).at(-1)).toBe('MemoryError');
    expect(info?.preamble?.join()).toContain('CPUs and number of processes not at all');
  });

  it('finds what the command left behind by its mark, also what left its session', async () => {
    const leave = `
import os, time
here, there = os.pipe()
for leaves in (False, True):
    if os.fork() == 0:
        if leaves: os.setsid()
        print(os.getpid())
        os.write(there, b".")
        time.sleep(300)
    os.read(here, 1)
`;
    const id = await runToEnd(hostPython(leave));
    const pids = (await readAll(id)).map((record) => Number(text(record)));
    expect(pids).toHaveLength(2);
    expect(pids.map((pid) => identify(pid))).toEqual([null, null]);
  });
});

/** The kernel makes the files of a group; here they are made by writing to them. */
describe('control groups of version 2', () => {
  const mount = mkdtempSync(join(tmpdir(), 'trainyard-cgroup-'));
  afterAll(() => rmSync(mount, { recursive: true }));
  const limits = { cpus: 1.5, memoryBytes: 1024 ** 3, pids: 12 };

  it('are used where all controllers are there', () => {
    writeFileSync(join(mount, 'cgroup.controllers'), 'cpuset cpu io pids\n');
    expect(findCgroups(mount)).toBeNull();
    writeFileSync(join(mount, 'cgroup.controllers'), 'cpuset cpu io memory pids\n');
    expect(findCgroups(mount)).toMatchObject({ version: 2 });
  });

  it('pass their controllers on, and hold one group to all limits, swap included', () => {
    const cgroups = findCgroups(mount)!;
    const [folder = '', ...others] = cgroupFolders(cgroups, 'process-1');
    expect(others).toEqual([]);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'memory.swap.max'), 'max');
    expect(makeCgroup(cgroups, 'process-1', limits)).toEqual([folder]);
    const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
    expect(readFileSync(join(mount, 'cgroup.subtree_control'), 'utf8')).toBe('+memory +pids +cpu');
    expect(readFileSync(join(mount, 'trainyard/cgroup.subtree_control'), 'utf8')).toBe('+memory +pids +cpu');
    expect(read('memory.max')).toBe(String(1024 ** 3));
    expect(read('memory.swap.max')).toBe('0');
    expect(read('cpu.max')).toBe('150000 100000');
    expect(read('pids.max')).toBe('12');
  });

  it('tell of an end by memory, and of what was used', async () => {
    const cgroups = findCgroups(mount)!;
    const folder = cgroupFolders(cgroups, 'process-1')[0]!;
    const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
    write('memory.events', 'low 0\nhigh 0\nmax 7\noom 1\noom_kill 2\noom_group_kill 0\n');
    write('memory.current', '3000000\n');
    write('memory.stat', 'anon 100\nfile 500\ninactive_file 400000\nactive_file 100000\n');
    write('cpu.stat', 'usage_usec 2500000\nuser_usec 2000000\n');
    const seen = { cpuSeconds: 2.5, oomKills: 2 };
    expect(await cgroupUsage(cgroups, 'process-1')).toEqual({ ...seen, peakMemoryBytes: 2_500_000 });
    write('memory.peak', '7000000\n');
    expect(await cgroupUsage(cgroups, 'process-1')).toEqual({ ...seen, peakMemoryBytes: 6_500_000 });
    expect(await cgroupUsage(cgroups, 'process-2')).toBeNull();
  });
});
