import { chmodSync, existsSync, mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { findCgroups } from '../../process/cgroups';
import { examineMachine } from '../../process/machine';
import { hostPython, never, testProcesses, text } from '../helpers/processes';
import { until } from '../helpers/until';

const { engine, plan, run, runToEnd, readAll, dispose } = testProcesses();
const artifacts = mkdtempSync(join(tmpdir(), 'trainyard-artifacts-'));

beforeAll(() => chmodSync(artifacts, 0o777));
afterAll(async () => {
  await dispose();
  rmSync(artifacts, { recursive: true });
});

async function output(command: string[], overrides: Parameters<typeof run>[1] = {}): Promise<string[]> {
  const id = await runToEnd(command, overrides);
  return (await readAll(id)).map(text);
}

test('it is the user of the run, without any privilege and without a way to one', async () => {
  const status = await output(['grep', '-E', '^(Uid|Gid|Groups|Cap...|NoNewPrivs):', '/proc/self/status'], {
    user: '1234:4321',
  });
  expect(status.map((line) => line.replace(/\s+/g, ' ').trim())).toEqual([
    'Uid: 1234 1234 1234 1234',
    'Gid: 4321 4321 4321 4321',
    'Groups:',
    ...['Inh', 'Prm', 'Eff', 'Bnd', 'Amb'].map((name) => `Cap${name}: 0000000000000000`),
    'NoNewPrivs: 1',
  ]);
});

test('it gets the variables of its plan and none of the worker; none of them is known while it is root', async () => {
  const trap = join(artifacts, 'trap.so');
  const env = { SAID: "it's $HOME; echo no", LD_PRELOAD: trap, PATH: '/usr/bin:/bin' };
  const lines = await output(['env'], { env });
  expect(lines).toEqual(expect.arrayContaining([`SAID=${env.SAID}`, `LD_PRELOAD=${trap}`, 'PATH=/usr/bin:/bin']));
  const names = lines.filter((line) => line.includes('=')).map((line) => line.split('=')[0]);
  const ofGpus = ['CUDA_VISIBLE_DEVICES', 'NVIDIA_VISIBLE_DEVICES'];
  const known = [...ofGpus, 'HOME', 'LD_PRELOAD', 'PATH', 'SAID', 'TRAINYARD_PROCESS_ID'].toSorted();
  expect(names.toSorted((one, other) => one!.localeCompare(other!))).toEqual(known);
  // The linker complains once for each program that it cannot preload it into: the first of them is already the user's.
  const complaints = lines.filter((line) => line.includes('ERROR: ld.so'));
  expect(complaints).toHaveLength(1);
});

test('it is told by the variables of CUDA which GPUs it has, and that it has none', async () => {
  const command = ['sh', '-c', 'echo "$CUDA_VISIBLE_DEVICES $NVIDIA_VISIBLE_DEVICES"'];
  const env = { CUDA_VISIBLE_DEVICES: '0,1,2,3' };
  expect(await output(command, { env })).toEqual([' void']);
  const gpus = { ids: ['GPU-1', 'GPU-2'], runtime: 'nvidia' } as const;
  expect(await output(command, { env, gpus })).toEqual(['GPU-1,GPU-2 GPU-1,GPU-2']);
});

test('its processes are known by their numbers while it runs, and not afterwards', async () => {
  const id = await run(['sh', '-c', 'sleep 60 & sleep 60']);
  // One that was forked just now still has the name of the shell.
  await until(async () => {
    const pids = await engine.containerPids(id);
    const commands = pids.map((pid) => readFileSync(`/proc/${pid}/comm`, 'utf8').trim());
    return commands.toSorted().join() === 'sh,sleep,sleep';
  });

  await engine.signalContainer(id, 'SIGKILL');
  await engine.waitContainer(id, never);
  expect(await engine.containerPids(id)).toEqual([]);
});

test('without a network there is only a loopback address of its own', async () => {
  const [devices] = await output(hostPython('print([l.split(":")[0].strip() for l in open("/proc/net/dev")][2:])'));
  expect(devices).toBe("['lo']");
  const [answer] = await output(
    hostPython(
      'import socket; s = socket.create_server(("127.0.0.1", 0)); socket.create_connection(s.getsockname()); print("connected")',
    ),
  );
  expect(answer).toBe('connected');
});

test('with egress it has the network of the host', async () => {
  const [own] = await output(['readlink', '/proc/self/ns/net'], { network: 'bridge' });
  expect(own).toBe(readlinkSync('/proc/self/ns/net'));
});

test('it finds its folders where a container has them, and the host gets no trace of them', async () => {
  const params = join(artifacts, 'params.json');
  writeFileSync(params, '{"epochs":3}');
  chmodSync(params, 0o666);
  const binds = [
    { source: artifacts, target: '/artifacts', readOnly: false },
    { source: params, target: '/trainyard/params.json', readOnly: true },
  ];
  const script =
    'pwd; cat /trainyard/params.json; echo; echo kept > result; echo no > /trainyard/params.json || echo refused';
  const lines = await output(['sh', '-c', script], { binds });
  expect(lines.filter((line) => !line.startsWith('sh:'))).toEqual(['/artifacts', '{"epochs":3}', 'refused']);
  expect(readFileSync(join(artifacts, 'result'), 'utf8')).toBe('kept\n');
  expect(readFileSync(params, 'utf8')).toBe('{"epochs":3}');
  expect(existsSync('/artifacts')).toBe(false);
  expect(existsSync('/trainyard')).toBe(false);
  expect(readFileSync('/proc/self/mounts', 'utf8')).not.toContain('trainyard-processes');
});

test('shared memory has the size of its plan', async () => {
  const [bytes] = await output(hostPython('import os; s = os.statvfs("/dev/shm"); print(s.f_blocks * s.f_frsize)'));
  expect(Number(bytes)).toBe(16 * 1024 ** 2);
});

test('a step of the launch that fails is no exit code of the command, but an error that says so', async () => {
  const gone = mkdtempSync(join(tmpdir(), 'trainyard-gone-'));
  const { id } = await engine.createContainer(
    plan({ binds: [{ source: gone, target: '/artifacts', readOnly: false }] }),
  );
  rmSync(gone, { recursive: true });
  await engine.startContainer(id);
  await engine.waitContainer(id, never);
  const info = await engine.inspectContainer(id);
  expect(info).toMatchObject({ status: 'exited', exitCode: 125, error: expect.stringContaining(gone) });
});

describe('limits, as far as this machine has control groups', () => {
  const { cgroups } = examineMachine();

  test('memory over the limit is an end by memory, or fails within the program', async () => {
    const grab = hostPython('x = bytearray(300 * 1024 ** 2); print(len(x))');
    const id = await runToEnd(grab, { memoryBytes: 64 * 1024 ** 2 });
    const expected = cgroups === null ? { exitCode: 1, oomKilled: false } : { exitCode: 137, oomKilled: true };
    expect(await engine.inspectContainer(id)).toMatchObject(expected);
  });

  test('it is in the control groups with the limits of its plan', async () => {
    const lines = await output(['sh', '-c', 'cat /proc/self/cgroup'], { pids: 17, cpus: 0.5 });
    const ids = lines.filter((line) => line.includes('/trainyard/process-'));
    expect(ids).toHaveLength(cgroups === null ? 0 : new Set(Object.values(findCgroups()!.roots)).size);
  });

  test('more processes than it may have are refused to it', async () => {
    const fork = hostPython(`
import os, time
made = 0
try:
    while made < 100:
        if os.fork() == 0: time.sleep(300)
        made += 1
except OSError:
    pass
print(made)
`);
    const [made] = await output(fork, { pids: 8 });
    expect(Number(made)).toBe(cgroups === null ? 100 : 7);
  });
});
