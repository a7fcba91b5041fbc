import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { EngineError } from '../docker/errors';
import { watchFolder } from './changes';
import type { Context } from './context';
import type { ProcessLife } from './lives';
import { killMembers, sendSignal } from './members';
import { isAlive } from './proc';
import { removeFolder } from './process-folder';
import { shimWords, spawnShim } from './spawn-shim';

const POLL_MS = 20;

/** Starts a process that was never started, and returns when it was. */
export async function startProcess(context: Context, id: string): Promise<void> {
  const before = await context.find(id);
  if (hasBegun(before)) return;
  const folder = join(context.folder, id);
  // Where another shim was a moment earlier, this one leaves it alone.
  const endOfShim = before.hasShim ? () => null : spawnShim(context.shim, folder);
  for (;;) {
    // Before the look: what a shim that has ended did is seen by it.
    const ended = endOfShim();
    const life = await context.find(id);
    if (hasBegun(life)) return;
    if (ended !== null && !life.hasShim) {
      throw new EngineError(
        `the shim of local process ${id} did not start it: ${ended}\n${shimWords(folder)}`,
        undefined,
      );
    }
    await sleep(POLL_MS);
  }
}

/** Resolves when the process does not run, at once if it was never started. */
export async function waitForEnd(context: Context, id: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await context.find(id);
  const changes = watchFolder(join(context.folder, id));
  try {
    while (isRunning(await context.find(id))) await changes.next(signal);
  } finally {
    changes.close();
  }
}

/** SIGKILL goes to all that is alive of a process, any other signal to the command alone, as the init of a container does. */
export async function signalProcess(context: Context, id: string, signal: string): Promise<boolean> {
  const life = await context.look(id);
  if (life === null || !isRunning(life)) return false;
  const command = life.start?.command ?? null;
  if (signal === 'SIGKILL') {
    await killMembers(life.plan.means, id, command);
    return true;
  }
  return command !== null && isAlive(command) && sendSignal(command.pid, signal);
}

/** Removes what is known of a process, by force if it runs. */
export async function removeProcess(context: Context, id: string): Promise<boolean> {
  // One that is just being started cannot be caught before it is; and a shim that has not ended still writes.
  for (let life = await context.look(id); life?.hasShim === true; life = await context.look(id)) {
    if (life.end === null) await killMembers(life.plan.means, id, life.start?.command ?? null);
    await sleep(POLL_MS);
  }
  context.places.forget(id);
  return removeFolder(context.folder, id);
}

function hasBegun({ start, end }: ProcessLife): boolean {
  return start !== null || end !== null;
}

function isRunning({ start, end }: ProcessLife): boolean {
  return start !== null && end === null;
}
