import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { EngineError, NameTakenError, NotFoundError } from '../../docker/errors';
import { findCgroups } from '../../process/cgroups';
import { identify } from '../../process/proc';
import { hostPython, never, testProcesses, text } from '../helpers/processes';
import { until } from '../helpers/until';

const { engine, folder, again, plan, run, runToEnd, readAll, dispose } = testProcesses();

afterAll(dispose);

test('a process goes from created through running to its exit code', async () => {
  const labels = { colour: 'red' };
  const { id } = await engine.createContainer(plan({ command: ['sleep', '300'], labels }));
  expect(await engine.inspectContainer(id)).toMatchObject({ status: 'created', startedAt: null, finishedAt: null });
  await engine.startContainer(id);
  const running = await engine.inspectContainer(id);
  expect(running).toMatchObject({ id, status: 'running', finishedAt: null, labels });
  expect(running?.startedAt).toMatch(/^\d{4}-.*T.*\.\d{9}Z$/);
  expect(await engine.signalContainer(id, 'SIGKILL')).toBe(true);
  await engine.waitContainer(id, never);
  const ended = await engine.inspectContainer(id);
  expect(ended).toMatchObject({ status: 'exited', exitCode: 137, oomKilled: false, startedAt: running?.startedAt });
  expect(ended?.finishedAt).toMatch(/^\d{4}-.*T.*\.\d{9}Z$/);
});

test.each([
  ['0', ['true'], 0],
  ['of the command', ['sh', '-c', 'exit 42'], 42],
  ['127 for a command that does not exist', ['no-such-command'], 127],
  ['126 for a command that cannot be executed', ['/etc/passwd'], 126],
])('the exit code is %s', async (_, command, exitCode) => {
  const id = await runToEnd(command);
  expect(await engine.inspectContainer(id)).toMatchObject({ status: 'exited', exitCode, error: '' });
});

test('to create the same process twice makes one, also where two do it at once', async () => {
  const same = plan({ labels: { epoch: '1' } });
  const first = await engine.createContainer(same);
  expect(await engine.createContainer(same)).toEqual(first);
  const other = { ...same, name: `${same.name}-b` };
  const together = await Promise.all([1, 2, 3].map(() => engine.createContainer(other)));
  expect(new Set(together.map(({ id }) => id)).size).toBe(1);
  await expect(engine.createContainer({ ...same, labels: { epoch: '2' } })).rejects.toThrow(NameTakenError);
});

test('a start that is repeated runs nothing twice: not at once, not by another worker, not after the end', async () => {
  const { id } = await engine.createContainer(plan({ command: ['sh', '-c', 'echo once; exec sleep 300'] }));
  await Promise.all([engine.startContainer(id), engine.startContainer(id), again().startContainer(id)]);
  await again().startContainer(id);
  await until(async () => (await readAll(id, { follow: false })).length > 0);
  expect(await engine.signalContainer(id, 'SIGTERM')).toBe(true);
  await engine.waitContainer(id, never);
  await engine.startContainer(id);
  expect(await engine.inspectContainer(id)).toMatchObject({ status: 'exited', exitCode: 143 });
  expect((await readAll(id)).map(text)).toEqual(['once']);
});

test('its shim is in a session of its own, which no signal to the group of a worker reaches', async () => {
  const id = await run(['sleep', '300']);
  const { shim } = require(join(folder, id, 'claim.json')) as { shim: { pid: number } };
  const ids = execFileSync('ps', ['-o', 'sid=,pgid=', '-p', String(shim.pid)], { encoding: 'utf8' }).trim();
  expect(ids.split(/ +/).map(Number)).toEqual([shim.pid, shim.pid]);
});

test('a wait can be given up, and the process goes on', async () => {
  const id = await run(['sleep', '300']);
  const stop = new AbortController();
  const waiting = engine.waitContainer(id, stop.signal);
  const reason = new Error('enough');
  stop.abort(reason);
  await expect(waiting).rejects.toBe(reason);
  await expect(engine.waitContainer(id, AbortSignal.abort(reason))).rejects.toBe(reason);
  expect(await engine.inspectContainer(id)).toMatchObject({ status: 'running' });
});

test('a signal reaches only what runs', async () => {
  const id = await runToEnd(['true']);
  expect(await engine.signalContainer(id, 'SIGTERM')).toBe(false);
  expect(await engine.signalContainer('process-none', 'SIGTERM')).toBe(false);
});

test('a process is removed once, running or not, and then nobody has it', async () => {
  const id = await run(['sleep', '300']);
  const removed = await Promise.all([engine.removeContainer(id), again().removeContainer(id)]);
  expect(removed.toSorted()).toEqual([false, true]);
  expect(await engine.inspectContainer(id)).toBeNull();
  expect(existsSync(join(folder, id))).toBe(false);
  expect(await engine.removeContainer(id)).toBe(false);
  await expect(engine.startContainer(id)).rejects.toThrow(NotFoundError);
  await expect(engine.waitContainer(id, never)).rejects.toThrow(NotFoundError);
  await expect(readAll(id)).rejects.toThrow(NotFoundError);
});

test('processes are listed by all their labels, also those that have ended', async () => {
  const labels = { 'trainyard.colour': 'red=blue', 'trainyard.size': 'small' };
  const id = await runToEnd(['true'], { labels });
  const listed = await engine.listContainers(labels);
  expect(listed).toMatchObject([{ id, state: 'exited', labels }]);
  expect(await engine.listContainers({ ...labels, 'trainyard.size': 'large' })).toEqual([]);
});

test('when the command ends, all that it left behind ends with it, also what left its session', async () => {
  const leave = `
import os, time
here, there = os.pipe()
if os.fork() == 0:
    os.setsid()
    print("child", os.getpid())
    os.write(there, b".")
    time.sleep(300)
os.read(here, 1)
`;
  const id = await runToEnd(hostPython(leave));
  const [, child] = text((await readAll(id))[0]!).split(' ');
  expect(identify(Number(child))).toBeNull();
});

test('SIGTERM reaches the command and not its children, and one that is deaf to it goes on', async () => {
  const deaf = `
import os, signal, time
child = os.fork()
if child == 0:
    time.sleep(300)
signal.signal(signal.SIGTERM, lambda *_: print("asked", os.waitpid(child, os.WNOHANG)))
print("ready")
while True: signal.pause()
`;
  const id = await run(hostPython(deaf));
  await until(async () => (await readAll(id, { follow: false })).length > 0);
  expect(await engine.signalContainer(id, 'SIGTERM')).toBe(true);
  await until(async () => (await readAll(id, { follow: false })).map(text).includes('asked (0, 0)'));
  expect(await engine.inspectContainer(id)).toMatchObject({ status: 'running' });
});

test('a process whose shim is killed does not go on unseen, and nobody says how it ended', async () => {
  const id = await run(['sh', '-c', 'echo here; exec sleep 300']);
  await until(async () => (await readAll(id, { follow: false })).length > 0);
  const { shim } = require(join(folder, id, 'claim.json')) as { shim: { pid: number } };
  const { command } = require(join(folder, id, 'start.json')) as { command: { pid: number } };
  process.kill(shim.pid, 'SIGKILL');
  const lost = await until(async () => {
    const info = await engine.inspectContainer(id);
    return info?.status === 'dead' && info;
  });
  expect(lost).toMatchObject({ exitCode: 255, error: expect.stringContaining('was killed') });
  expect(identify(command.pid)).toBeNull();
  await expect(readAll(id)).rejects.toThrow(EngineError);
});

test('what cannot be had without a container is refused, with the mend', async () => {
  const refused = (overrides: Parameters<typeof plan>[0]): Promise<unknown> =>
    engine.createContainer(plan(overrides)).catch((error: unknown) => String(error));
  expect(await refused({ command: [] })).toContain('needs a command in the spec');
  expect(await refused({ network: 'lab' })).toContain('use none or egress');
  const inHost = { source: '/tmp', target: '/usr/no-such-folder', readOnly: true };
  expect(await refused({ binds: [inHost] })).toContain('/usr/no-such-folder');
});

test('nothing of the control groups is left when processes have ended', async () => {
  const id = await runToEnd(['true']);
  const roots = Object.values(findCgroups()?.roots ?? {});
  for (const root of roots) expect(existsSync(join(root, 'trainyard', id))).toBe(false);
});
