import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { OwnEngine } from './own-engine';

/**
 * Kills the engine and starts it again as it would find itself if it had been killed between the start of containers and its
 * own note of that.
 */
export async function killOverStart(own: OwnEngine, ...ids: string[]): Promise<void> {
  const { rootDir } = await own.engine.info();
  await own.kill();
  for (const id of ids) forgetStart(join(rootDir, 'containers', id, 'config.v2.json'));
  await own.start();
  for (const id of ids) {
    expect(await own.engine.inspectContainer(id)).toMatchObject({ status: 'created', startedAt: null });
  }
}

function forgetStart(note: string): void {
  const known = JSON.parse(readFileSync(note, 'utf8')) as { State: object };
  const never = { Running: false, Pid: 0, StartedAt: '0001-01-01T00:00:00Z' };
  writeFileSync(note, JSON.stringify({ ...known, State: { ...known.State, ...never } }));
}
