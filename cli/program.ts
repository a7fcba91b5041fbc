import { Command } from 'commander';

import { addCancelCommand } from './commands/cancel';
import { addChangeCommand } from './commands/change';
import type { Context } from './commands/context';
import { addDoctorCommand } from './commands/doctor';
import { addGrepCommand } from './commands/grep';
import { addHostsCommand } from './commands/hosts';
import { addLogsCommand } from './commands/logs';
import { addLsCommand } from './commands/ls';
import { addPolicyCommand } from './commands/policy';
import { addPoolsCommand, addQueueCommand } from './commands/pools';
import { addReceiptCommand } from './commands/receipt';
import { addRerunCommand } from './commands/rerun';
import { addReserveCommand } from './commands/reserve';
import { addRunCommand } from './commands/run';
import { addScheduleCommand } from './commands/schedule';
import { addShowCommand } from './commands/show';
import { addResumeCommand, addSuspendCommand } from './commands/suspend';
import { addUpCommand } from './commands/up';
import { addWhyCommand } from './commands/why';
import { EXIT_CODES_HELP } from './exit-codes';

const DEFAULT_SERVER = 'http://127.0.0.1:8000';

/** In the order in which --help lists them. */
const COMMANDS = [
  addUpCommand,
  addRunCommand,
  addRerunCommand,
  addLsCommand,
  addShowCommand,
  addWhyCommand,
  addReceiptCommand,
  addLogsCommand,
  addGrepCommand,
  addCancelCommand,
  addSuspendCommand,
  addResumeCommand,
  addChangeCommand,
  addScheduleCommand,
  addPolicyCommand,
  addHostsCommand,
  addPoolsCommand,
  addQueueCommand,
  addReserveCommand,
  addDoctorCommand,
];

/** The command line of `trainyard`. It throws instead of ending the process, see `main`. */
export function buildProgram(context: Context, version: string): Command {
  const program = new Command('trainyard')
    .description('Runs machine-learning training jobs in Docker containers, durably.')
    .version(version)
    .option(
      '--server <url>',
      'address of the server (variable: TRAINYARD_URL)',
      context.env['TRAINYARD_URL'] ?? DEFAULT_SERVER,
    )
    .option('--json', 'print JSON; one document a line where something is followed')
    .showHelpAfterError('(--help tells more)')
    .addHelpText('after', EXIT_CODES_HELP)
    .configureOutput({ writeOut: context.io.out, writeErr: context.io.err })
    .exitOverride();
  for (const addCommand of COMMANDS) addCommand(program, context);
  for (const command of allCommands(program)) {
    command.copyInheritedSettings(program);
    // So that both options may also stand after the name of the command.
    command.option('--server <url>', 'address of the server').option('--json', 'print JSON');
  }
  return program;
}

function allCommands(parent: Command): Command[] {
  return parent.commands.flatMap((command) => [command, ...allCommands(command)]);
}
