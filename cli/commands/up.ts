import { type Command, InvalidArgumentError, Option } from 'commander';

import type { UpOptions } from '../../server/plan';
import type * as Server from '../../server/up';
import type { Context } from './context';

export function addUpCommand(program: Command, { io, env, exit }: Context): void {
  program
    .command('up')
    .summary('run a server on this machine')
    .description(
      'Runs Temporal, the worker and the API on 127.0.0.1 until Ctrl-C. Runs go on in their containers when it stops, and are taken up when it is started again. TEMPORAL_ADDRESS names a Temporal to use instead of its own.',
    )
    .option('--data <folder>', 'folder of everything that is kept (default: ./data)')
    .option('--config <file>', 'file with settings')
    .option('--port <number>', 'port of the API; 0 takes a free one (default: 8000)', port)
    .option('--temporal-port <number>', 'port of its own Temporal (default: 7233)', port)
    .option('--ui-port <number>', "port of its own Temporal's web UI (default: 8233)", port)
    .option('--verbose', "show the parts' logs")
    .addOption(new Option('--on-stop <program>', 'program to run when all is stopped').hideHelp())
    .action(async (options: UpOptions) => {
      // Only this command needs the server's libraries, which take longer to load than all other commands run.
      const { up } = require('../../server/up') as typeof Server;
      const print = (line: string): void => io.out(`${line}\n`);
      exit(await up(options, env, { print, printError: (line) => io.err(`${line}\n`) }));
    });
}

function port(value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 0 || number > 65_535) {
    throw new InvalidArgumentError('Write a whole number from 0 to 65535.');
  }
  return number;
}
