import { join } from 'node:path';

import { isMissing } from '../contract/is-missing';
import type { LogRecord, ReadLogsOptions } from '../docker/engine';
import { EngineError } from '../docker/errors';
import { watchFolder } from './changes';
import type { Context } from './context';
import type { ProcessLife } from './lives';
import { readLogFile } from './log-reader';
import { FILES } from './process-folder';

/**
 * The records of the log of a process, as an engine gives those of a container.
 *
 * @throws {EngineError} at the end of the log of one whose shim was killed: nobody knows what it did not write any more.
 */
export async function* readLogs(
  context: Context,
  id: string,
  { follow, since, tail, signal }: ReadLogsOptions,
): AsyncGenerator<LogRecord[], void, undefined> {
  signal.throwIfAborted();
  const path = join(context.folder, id, FILES.log);
  let life = await context.find(id);
  const changes = watchFolder(join(context.folder, id));
  // Of a log whose process had ended before it was read to its end, all has been read.
  const more = async (): Promise<boolean> => {
    if (!follow || life.end !== null) return false;
    await changes.next(signal);
    life = await context.find(id);
    return true;
  };
  try {
    for await (const records of readLogFile({ id, path, since, tail, places: context.places }, more)) {
      yield records;
      signal.throwIfAborted();
    }
  } catch (error) {
    if (!isMissing(error)) throw error;
    // One that was never started has no log; neither has one that was removed since, of which this tells.
    await context.find(id);
  } finally {
    changes.close();
  }
  failIfLost(life);
}

function failIfLost({ plan, end }: ProcessLife): void {
  if (end?.isLost !== true) return;
  throw new EngineError(`the log of local process ${plan.id} may lack its end: ${end.error}`, undefined);
}
