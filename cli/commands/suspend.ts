import type { Command } from 'commander';

import type { Run } from '../../contract/run';
import { isEndState } from '../../contract/state';
import { EXIT } from '../exit-codes';
import { watchRun } from '../watch-run';
import { askRuns, type Question } from './ask-runs';
import { apiOf, type Context, printJson, wantsJson } from './context';

const SUSPEND: Question = {
  verb: 'suspend',
  tell: ({ state }) => (state === 'suspended' ? 'is suspended' : 'is asked to give up its container'),
};

const RESUME: Question = {
  verb: 'resume',
  tell: ({ state }) => (state === 'suspended' || state === 'stopping' ? 'is asked to go on' : 'goes on'),
};

export function addSuspendCommand(program: Command, context: Context): void {
  program
    .command('suspend')
    .summary('ask runs to give up their containers and to wait')
    .description(
      'SIGTERM, the grace of the run, then SIGKILL. A run says suspended only when its container is gone, and which checkpoint it will go on from; it holds nothing of a host until it is resumed.',
    )
    .argument('<id...>', 'ids of runs, or their beginnings')
    .option('--wait', 'until they are suspended')
    .action(async (typed: string[], { wait }: { wait?: boolean }, command: Command) => {
      let runs = await askRuns(context, command, typed, SUSPEND);
      if (wait) runs = await Promise.all(runs.map((run) => untilSuspended(context, command, run)));
      if (wantsJson(command)) printJson(context.io, { items: runs });
    });
}

export function addResumeCommand(program: Command, context: Context): void {
  program
    .command('resume')
    .summary('let suspended runs go on')
    .description('With a next attempt, from their newest checkpoints; it takes from no budget of their policies.')
    .argument('<id...>', 'ids of runs, or their beginnings')
    .action(async (typed: string[], _: object, command: Command) => {
      const asked = await askRuns(context, command, typed, RESUME);
      if (wantsJson(command)) printJson(context.io, { items: asked });
    });
}

/** Ctrl-C stops the waiting only. One that came to its end instead is told, and by the exit code, too. */
async function untilSuspended({ io, exit }: Context, command: Command, before: Run): Promise<Run> {
  io.catchInterrupt();
  let run = before;
  for await (const sight of watchRun(apiOf(command), run.id, { signal: io.interrupted, onAway: () => {} })) {
    ({ run } = sight);
    if (run.state === 'suspended') break;
  }
  if (io.interrupted.aborted) exit(EXIT.interrupted);
  else if (isEndState(run.state)) exit(EXIT.failed);
  if (!wantsJson(command)) io.out(`${run.id} is ${run.state}. ${run.message ?? ''}`.trimEnd() + '\n');
  return run;
}
