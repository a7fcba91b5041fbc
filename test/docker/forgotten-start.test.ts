import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { testEngine } from '../helpers/engine';
import { killOverStart } from '../helpers/forgotten-start';
import { startOwnEngine, type OwnEngine } from '../helpers/own-engine';
import { scratchFolder } from '../helpers/scratch-folder';
import { isAlive } from '../helpers/server';
import { until } from '../helpers/until';

jest.setTimeout(180_000);

const { plan, dispose } = testEngine();
const scratch = scratchFolder();
let own: OwnEngine;

beforeAll(async () => {
  own = await startOwnEngine({ liveRestore: true });
});

afterAll(async () => {
  await own.dispose();
  await dispose();
});

/** Each execution of the program adds a line to a file of the host. */
async function startCounted(): Promise<{ id: string; pid: number; executions: () => number }> {
  chmodSync(scratch.path, 0o777);
  const command = ['sh', '-c', 'echo started >>/out/executions; echo hello; exec sleep 3600'];
  const binds = [{ source: scratch.path, target: '/out', readOnly: false }];
  const { id } = await own.engine.createContainer(plan({ command, binds }));
  await own.engine.startContainer(id);
  const executions = (): number =>
    readFileSync(join(scratch.path, 'executions'), 'utf8').split('\n').filter(Boolean).length;
  await until(() => executions() === 1);
  return { id, pid: Number(await own.docker('inspect', '--format', '{{.State.Pid}}', id)), executions };
}

describe('a container whose start a killed engine has forgotten', () => {
  it('is gone with its process when it is removed, and does not run again for that', async () => {
    const { id, pid, executions } = await startCounted();
    await killOverStart(own, id);
    expect(isAlive(pid)).toBe(true);

    expect(await own.engine.removeContainer(id)).toBe(true);

    await until(() => !isAlive(pid));
    expect(await own.engine.inspectContainer(id)).toBeNull();
    expect(executions()).toBe(1);
  });

  it('has one process also when it is started once more', async () => {
    const { id, pid, executions } = await startCounted();
    await killOverStart(own, id);

    await own.engine.startContainer(id);

    await until(() => !isAlive(pid) && executions() === 2);
    expect(await own.engine.removeContainer(id)).toBe(true);
  });
});
