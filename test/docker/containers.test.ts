import { ImageRemovedError, NameTakenError, NotFoundError } from '../../docker/errors';
import { removeAll, TEST_IMAGE, testEngine } from '../helpers/engine';
import { until } from '../helpers/until';
import { printedBy } from '../host/helpers';

const { engine, label, plan, run, dispose } = testEngine();
const never = new AbortController().signal;

afterAll(dispose);

test('the engine tells what it is', async () => {
  const info = await engine.info();
  expect(info.version).toMatch(/^\d+\./);
  expect(info.apiVersion).toMatch(/^\d+\.\d+$/);
  expect(info.rootDir).toMatch(/^\//);
  expect(info.cpus).toBeGreaterThan(0);
  expect(info.memoryBytes).toBeGreaterThan(0);
  expect(typeof info.liveRestore).toBe('boolean');
});

test('an image that the engine has is found, and one that it has not is null', async () => {
  const image = await engine.findImage(TEST_IMAGE);
  expect(image?.id).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(image?.sizeBytes).toBeGreaterThan(0);
  expect(await engine.findImage('trainyard/no-such-image:1')).toBeNull();
});

test('a container goes from created through running to its exit code', async () => {
  const { id } = await engine.createContainer(plan({ command: ['sleep', '30'] }));
  expect(await engine.inspectContainer(id)).toMatchObject({ status: 'created', startedAt: null, finishedAt: null });
  await engine.startContainer(id);
  const running = await engine.inspectContainer(id);
  expect(running).toMatchObject({ id, status: 'running', finishedAt: null, labels: label });
  expect(running?.startedAt).toMatch(/^\d{4}-.*T.*\.\d{9}Z$/);
  expect(await engine.signalContainer(id, 'SIGKILL')).toBe(true);
  await engine.waitContainer(id, never);
  const ended = await engine.inspectContainer(id);
  expect(ended).toMatchObject({ status: 'exited', exitCode: 137, oomKilled: false, startedAt: running?.startedAt });
  expect(ended?.finishedAt).toMatch(/^\d{4}-.*T.*\.\d{9}Z$/);
});

test('a container tells how its engine keeps its log, as it was made', async () => {
  const { id } = await engine.createContainer(plan({ log: { maxSizeBytes: 16_777_216, maxFiles: 7 } }));
  expect(await engine.inspectContainer(id)).toMatchObject({
    log: { fileBytes: 16_777_216, maxFiles: 7, isPlain: true },
  });
});

test.each([
  ['0', ['true'], 0],
  ['of the command', ['sh', '-c', 'exit 42'], 42],
  ['127 for a command that does not exist', ['no-such-command'], 127],
  ['126 for a command that cannot be executed', ['/etc/hostname'], 126],
])('the exit code is %s', async (_, command, exitCode) => {
  const id = await run(command);
  await engine.waitContainer(id, never);
  expect(await engine.inspectContainer(id)).toMatchObject({ status: 'exited', exitCode });
});

test('a container over its memory limit is known to have been killed for it', async () => {
  const command = ['python3', '-c', 'x = bytearray(200 * 1024 ** 2)'];
  const id = await run(command, { memoryBytes: 32 * 1024 ** 2 });
  await engine.waitContainer(id, never);
  expect(await engine.inspectContainer(id)).toMatchObject({ exitCode: 137, oomKilled: true });
});

test('to create the same container twice makes one', async () => {
  const same = plan();
  const first = await engine.createContainer(same);
  expect(await engine.createContainer(same)).toEqual(first);
  const together = await Promise.all([1, 2, 3].map(() => engine.createContainer({ ...same, name: `${same.name}-b` })));
  expect(new Set(together.map(({ id }) => id)).size).toBe(1);
});

test('a name that another container has is not taken from it', async () => {
  const first = plan({ labels: { epoch: '1' } });
  await engine.createContainer(first);
  await expect(engine.createContainer({ ...first, labels: { ...first.labels, epoch: '2' } })).rejects.toThrow(
    NameTakenError,
  );
  await expect(engine.createContainer({ ...first, labels: { ...first.labels, more: '1' } })).rejects.toThrow(
    NameTakenError,
  );
  expect(await engine.inspectContainer(first.name)).toMatchObject({ labels: { epoch: '1' } });
});

test('a container of an image that is not there cannot be created', async () => {
  await expect(engine.createContainer(plan({ image: 'trainyard/no-such-image:1' }))).rejects.toThrow(ImageRemovedError);
});

test('a start that is repeated runs nothing twice, neither while it runs nor after its end', async () => {
  const id = await run(['sh', '-c', 'echo once; exec sleep 30']);
  await engine.startContainer(id);
  // A shell that has hardly begun would die of the signal before it has printed anything.
  await until(async () => (await printedBy({ engine }, id)).length > 0);
  await engine.signalContainer(id, 'SIGTERM');
  await engine.waitContainer(id, never);
  await engine.startContainer(id);
  expect(await engine.inspectContainer(id)).toMatchObject({ status: 'exited', exitCode: 143 });
  expect(await printedBy({ engine }, id)).toEqual(['once']);
});

test('a wait can be given up, and the container goes on', async () => {
  const id = await run(['sleep', '30']);
  const stop = new AbortController();
  const waiting = engine.waitContainer(id, stop.signal);
  const reason = new Error('enough');
  stop.abort(reason);
  await expect(waiting).rejects.toBe(reason);
  await expect(engine.waitContainer(id, AbortSignal.abort(reason))).rejects.toBe(reason);
  expect(await engine.inspectContainer(id)).toMatchObject({ status: 'running' });
});

test('a signal reaches only what runs', async () => {
  const id = await run(['true']);
  await engine.waitContainer(id, never);
  expect(await engine.signalContainer(id, 'SIGTERM')).toBe(false);
  expect(await engine.signalContainer('trainyard-no-such-container', 'SIGTERM')).toBe(false);
});

test('a container is removed once, running or not, and then nobody has it', async () => {
  const id = await run(['sleep', '30']);
  const removed = await Promise.all([engine.removeContainer(id), engine.removeContainer(id)]);
  expect(removed).toContain(true);
  expect(await engine.inspectContainer(id)).toBeNull();
  expect(await engine.removeContainer(id)).toBe(false);
  await expect(engine.startContainer(id)).rejects.toThrow(NotFoundError);
  await expect(engine.waitContainer(id, never)).rejects.toThrow(NotFoundError);
});

test('containers are listed by all their labels, also those that have ended', async () => {
  const labels = { 'trainyard.colour': 'red=blue', 'trainyard.size': 'small' };
  const { id } = await engine.createContainer(plan({ labels }));
  const listed = await engine.listContainers({ ...label, ...labels });
  expect(listed).toMatchObject([{ id, state: 'created', labels: { ...labels, ...label } }]);
  expect(Math.abs(Date.parse(listed[0]?.createdAt ?? '') - Date.now())).toBeLessThan(600_000);
  expect(await engine.listContainers({ ...label, 'trainyard.size': 'large' })).toEqual([]);
  expect(await removeAll(engine, { ...label, 'trainyard.size': 'small' })).toBe(1);
});
