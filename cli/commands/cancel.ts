import type { Command } from 'commander';

import { isEndState } from '../../contract/state';
import { askRuns, type Question } from './ask-runs';
import { type Context, printJson, wantsJson } from './context';

const CANCEL: Question = {
  verb: 'cancel',
  tell: ({ state }) => (isEndState(state) ? state : 'is asked to end'),
};

export function addCancelCommand(program: Command, context: Context): void {
  program
    .command('cancel')
    .summary('ask runs to end')
    .description('SIGTERM, the grace of the run, then SIGKILL. A run says cancelled only when its container is gone.')
    .argument('<id...>', 'ids of runs, or their beginnings')
    .action(async (typed: string[], _: object, command: Command) => {
      const asked = await askRuns(context, command, typed, CANCEL);
      if (wantsJson(command)) printJson(context.io, { items: asked });
    });
}
