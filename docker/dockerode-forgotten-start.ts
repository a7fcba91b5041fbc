import type Docker from 'dockerode';

import { withoutSlash } from './container-info';
import { isUnstarted, unstartedName } from './unstarted';

/**
 * Ends what a container may still run although its engine says that it was never started. For its removal.
 *
 * An engine that is killed between the start of a container's process and its own note of it has forgotten the start when
 * it comes back: the container is `created`, cannot be killed, and its removal leaves the process running for ever. What
 * does end it is a start of the same container: the engine then clears away what it finds under its id. With room for no
 * more than one process the container's init, which is that one, cannot run the command; so nothing runs a second time.
 *
 * That start must never be taken for one of its command, also where nobody is left to remove the container after it: so the
 * container has another name first.
 */
export async function endForgottenStart(container: Docker.Container): Promise<void> {
  const found = await answered(container.inspect());
  // Where a start failed, the engine knows of it, and has said so.
  if (found?.State.Status !== 'created' || found.State.Error !== '') return;
  if (!isUnstarted(withoutSlash(found.Name)) && !(await rename(container, found.Id))) return;
  await answered(container.update({ PidsLimit: 1 }));
  await answered(container.start());
}

/** False where the container is gone. */
async function rename(container: Docker.Container, id: string): Promise<boolean> {
  try {
    await container.rename({ name: unstartedName(id) });
    return true;
  } catch (error) {
    // Somebody else may remove it, too.
    const now = await answered(container.inspect());
    if (now !== undefined && !isUnstarted(withoutSlash(now.Name))) throw error;
    return now !== undefined;
  }
}

/** Undefined where the engine refused: there is nothing then that could be ended so. An engine that is away is an error. */
async function answered<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (typeof (error as { statusCode?: unknown }).statusCode === 'number') return undefined;
    throw error;
  }
}
