import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { createEngine } from '../../docker/dockerode-engine';
import { TEST_DOCKER_HOST } from '../helpers/engine';
import { until } from '../helpers/until';
import { end, troubleSuite, type TroubleSuite } from './trouble-suite';

jest.setTimeout(180_000);

const engine = createEngine(TEST_DOCKER_HOST);
let logs = '';
let suite: TroubleSuite;

beforeAll(async () => {
  suite = await troubleSuite({ dockerHost: TEST_DOCKER_HOST, engine }, (data) => {
    logs = join(data, 'logs');
    mkdirSync(logs);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=128k', 'tmpfs', logs]);
  });
});

afterAll(async () => {
  if (logs !== '') execFileSync('umount', ['--lazy', logs]);
  await suite?.dispose();
  engine.close();
});

/** Prints three times what the disk holds, says so in a file, and goes on when it is told to. */
const COUNT = 400;
const PRINTER = `
import os, time
for number in range(${COUNT}): print(number, "x" * 1000)
open("/artifacts/printed", "w").close()
while not os.path.exists("/artifacts/end"): time.sleep(0.05)
print("${COUNT} last")
`;

it('a full disk holds up no training, is said with what helps, and costs no line', async () => {
  const id = await suite.start(PRINTER);
  const { run } = await suite.tells(id, ({ run: { state, message } }) => state === 'running' && message !== null);
  expect(run.message).toMatch(`there is no room to write the log ${join(logs, `training_${id}.log`)}; free space`);
  expect(run.message).toMatch('the container goes on until its engine would throw lines away');
  await until(() => existsSync(join(suite.data, 'artifacts', id, 'printed')));
  expect((await suite.lines(id)).length).toBeLessThan(COUNT);

  execFileSync('mount', ['-o', 'remount,size=64m', logs]);
  await suite.tells(id, (status) => status.run.message === null);
  end(suite, id);

  const { attempts } = await suite.ended(id);
  expect(attempts).toMatchObject([{ reason: 'completed', logLines: COUNT + 1, logGaps: 0 }]);
  const numbers = (await suite.lines(id)).map((line) => parseInt(line, 10));
  expect(numbers).toEqual(Array.from({ length: COUNT + 1 }, (_, index) => index));
  expect(await suite.notes(id)).toEqual([run.message, `Over: ${run.message}`]);
});
