import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { startOwnEngine, type OwnEngine } from '../helpers/own-engine';
import { TEST_IMAGE } from '../helpers/engine';
import { until } from '../helpers/until';

/** Processes, mounts and files of an engine that was in this folder. */
function left(folder: string): string[] {
  const processes = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' }).split('\n');
  const mounts = readFileSync('/proc/mounts', 'utf8').split('\n');
  const found = [...processes, ...mounts].filter((line) => line.includes(`${folder}/`));
  return existsSync(folder) ? [...found, folder] : found;
}

const sleeper = (engine: OwnEngine): Promise<string> =>
  engine.docker('run', '--detach', '--network', 'none', TEST_IMAGE, 'sleep', '4321');

it('leaves nothing behind, whatever state its containers and it are in', async () => {
  const engine = await startOwnEngine();
  const folder = dirname(engine.socket);
  await sleeper(engine);
  await engine.docker('pause', await sleeper(engine));
  expect(left(folder).length).toBeGreaterThan(3);
  engine.freeze();

  await engine.dispose();
  expect(left(folder)).toEqual([]);
  expect(execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })).not.toMatch(/^sleep 4321$/m);
});

it('is removed also when the process that started it is killed', async () => {
  const owner = fork(join(__dirname, 'own-engine-owner.ts'), [], {
    execArgv: ['-r', join(__dirname, '../helpers/typescript-hook.cjs')],
  });
  const [folder] = (await once(owner, 'message')) as [string];
  expect(left(folder).length).toBeGreaterThan(3);

  owner.kill('SIGKILL');
  await until(() => left(folder).length === 0, { timeoutMs: 40_000 });
});
