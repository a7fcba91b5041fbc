import type { Command } from 'commander';

import { isConfigError } from '../../config/config-error';
import type * as Doctor from '../../doctor/examine';
import { UsageError } from '../errors';
import { EXIT } from '../exit-codes';
import { color } from '../format';
import { type Context, globalOptions, printJson, wantsJson } from './context';

const COLOR_OF_VERDICT = { ok: 32, warn: 33, fail: 31 } as const;

export function addDoctorCommand(program: Command, { io, env, exit }: Context): void {
  program
    .command('doctor')
    .summary('check this machine, each finding with its mend')
    .option('--data <folder>', 'folder of everything that is kept (default: ./data)')
    .action(async ({ data }: { data?: string }, command: Command) => {
      const { examine } = require('../../doctor/examine') as typeof Doctor;
      const findings = await examine({ env, serverUrl: globalOptions(command).server, data }).catch(refused);
      const sick = findings.some(({ verdict }) => verdict === 'fail');
      if (wantsJson(command)) printJson(io, { ok: !sick, findings });
      else {
        for (const { verdict, what, finding, mend } of findings) {
          io.out(`${color(verdict.padEnd(4), COLOR_OF_VERDICT[verdict], io.colors)} ${what}: ${finding}\n`);
          if (mend) io.out(`     mend: ${mend}\n`);
        }
      }
      exit(sick ? EXIT.failed : EXIT.ok);
    });
}

function refused(error: unknown): never {
  throw isConfigError(error) ? new UsageError(error.message) : error;
}
