import type { Command } from 'commander';

import type { Run } from '../../contract/run';
import { describeError, exitCodeOf } from '../errors';
import { findRunId, runPath } from '../find-run';
import { apiOf, type Context, userOf, wantsJson } from './context';

export interface Question {
  /** Last part of the path that it is asked at. */
  verb: 'cancel' | 'suspend' | 'resume';
  /** What came of it, to stand behind the run's id. */
  tell: (run: Run) => string;
}

/** Asks something of each run; returns those that took it, as they were then. One that is wrong keeps none of the others from it. */
export async function askRuns(
  { io, env, exit }: Context,
  command: Command,
  typed: readonly string[],
  { verb, tell }: Question,
): Promise<Run[]> {
  const api = apiOf(command);
  const by = userOf({ env });
  const asked: Run[] = [];
  for (const beginning of typed) {
    try {
      const id = await findRunId(api, beginning);
      const run = await api.send<Run>('POST', `${runPath(id)}/${verb}`, by ? { by } : {});
      asked.push(run);
      if (!wantsJson(command)) io.out(`${id} ${tell(run)}\n`);
    } catch (error) {
      const code = exitCodeOf(error);
      if (code === null) throw error;
      io.err(`${describeError(error as Error)}\n`);
      exit(code);
    }
  }
  return asked;
}
