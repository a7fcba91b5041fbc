import type { Command } from 'commander';

import type { Run } from '../../contract/run';
import { isEndState } from '../../contract/state';
import { describeError, exitCodeOf } from '../errors';
import { findRunId, runPath } from '../find-run';
import { apiOf, type Context, printJson, wantsJson } from './context';

export function addCancelCommand(program: Command, { io, env, exit }: Context): void {
  program
    .command('cancel')
    .summary('ask runs to end')
    .description('SIGTERM, the grace of the run, then SIGKILL. A run says cancelled only when its container is gone.')
    .argument('<id...>', 'ids of runs, or their beginnings')
    .action(async (typed: string[], _: object, command: Command) => {
      const api = apiOf(command);
      const by = env['USER'] ?? env['LOGNAME'];
      const asked: Run[] = [];
      for (const beginning of typed) {
        try {
          const id = await findRunId(api, beginning);
          const run = await api.send<Run>('POST', `${runPath(id)}/cancel`, by ? { by } : {});
          asked.push(run);
          if (!wantsJson(command)) io.out(`${id} ${isEndState(run.state) ? run.state : 'is asked to end'}\n`);
        } catch (error) {
          // One id that is wrong keeps none of the others from being cancelled.
          const code = exitCodeOf(error);
          if (code === null) throw error;
          io.err(`${describeError(error as Error)}\n`);
          exit(code);
        }
      }
      if (wantsJson(command)) printJson(io, { items: asked });
    });
}
