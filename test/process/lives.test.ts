import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';

import { lookAt } from '../../process/lives';
import { removeFolder } from '../../process/process-folder';
import { testProcesses } from '../helpers/processes';

const { engine, folder, plan, dispose } = testProcesses();

afterAll(dispose);

/** A process whose shim was killed, and at which nobody has looked since. */
async function lostProcess(): Promise<string> {
  const { id } = await engine.createContainer(plan());
  const shim = { pid: spawnSync('true').pid, startTicks: 1, bootId: 'of another life' };
  writeFileSync(join(folder, id, 'claim.json'), JSON.stringify({ shim, claimedAt: '2026-11-24T03:42:31.000Z' }));
  return id;
}

describe('a look at a process whose shim was killed', () => {
  it('finds nothing, and does not fail, where the process is removed in the middle of it', async () => {
    for (let turns = 0; turns < 60; turns += 1) {
      const id = await lostProcess();
      const looking = lookAt(folder, id).then(
        (life) => life?.end?.isLost ?? null,
        (error: unknown) => String(error),
      );
      for (let passed = 0; passed < turns; passed += 1) await turn();
      await removeFolder(folder, id);

      expect([true, null]).toContain(await looking);
    }
  });

  it('agrees with every other look on when that was', async () => {
    const id = await lostProcess();
    const [one, ...others] = await Promise.all([1, 2, 3, 4].map(() => lookAt(folder, id)));

    expect(one?.end).toMatchObject({ isLost: true });
    for (const other of others) expect(other?.end).toEqual(one?.end);
  });
});
