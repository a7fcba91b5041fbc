import type { Command } from 'commander';

import type { PoolReservation } from '../../contract/pool-http';
import { tableOfReservations } from '../pool-table';
import { wholeFrom } from './arguments';
import { apiOf, type Context, printJson, userOf, wantsJson } from './context';

interface ReserveOptions {
  pool?: string;
  project: string;
  gpus: number;
  gpuModel?: string;
  from?: string;
  for?: string;
  until?: string;
}

export function addReserveCommand(program: Command, context: Context): void {
  const { io } = context;
  program
    .command('reserve')
    .summary('keep GPUs of a pool for a project')
    .description(
      'While it lasts, runs of other projects are given what is left. Only preemptible runs are ended for it.',
    )
    .requiredOption('--project <name>', 'project whose runs alone are given them')
    .requiredOption('--gpus <number>', 'how many', wholeFrom(1))
    .option('--gpu-model <text>', "part of the model's name, such as H100")
    .option('--from <time>', 'from when on, such as 2026-11-24T18:00:00Z (default: now)')
    .option('--for <duration>', 'for how long, such as 12h')
    .option('--until <time>', 'or until when')
    .option('--pool <name>', 'pool of the GPUs')
    .addHelpText('after', '\nExample:\n  trainyard reserve --project vision --gpus 4 --gpu-model H100 --for 12h')
    .action(async (options: ReserveOptions, command: Command) => {
      const { pool, project, gpus, gpuModel, from, until } = options;
      const by = userOf(context);
      const body = { pool, project, gpus, gpuModel, from, for: options.for, until, ...(by && { by }) };
      const made = await apiOf(command).send<PoolReservation>('POST', '/v1/reservations', body);
      if (wantsJson(command)) return printJson(io, made);
      io.out(`${made.id}\n`);
      io.err(`From ${made.from} until ${made.until}. Take it back: trainyard unreserve ${made.id}\n`);
    });
  addOthers(program, context);
}

function addOthers(program: Command, { io }: Context): void {
  program
    .command('reservations')
    .summary('list reservations')
    .option('--pool <name>', 'only of this pool')
    .action(async ({ pool }: { pool?: string }, command: Command) => {
      const page = await apiOf(command).get<{ items: PoolReservation[] }>('/v1/reservations', { pool });
      if (wantsJson(command)) return printJson(io, page);
      if (page.items.length === 0) return io.err('No reservations. Make one: trainyard reserve --help\n');
      io.out(`${tableOfReservations(page.items).join('\n')}\n`);
    });
  program
    .command('unreserve')
    .summary('take a reservation back')
    .argument('<id>')
    .action(async (id: string, _: object, command: Command) => {
      await apiOf(command).send('DELETE', `/v1/reservations/${encodeURIComponent(id)}`);
      if (wantsJson(command)) printJson(io, { id });
      else io.out(`${id} is taken back\n`);
    });
}
