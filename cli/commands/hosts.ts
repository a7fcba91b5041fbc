import type { Command } from 'commander';

import type { HostDetail } from '../../contract/pool-http';
import { describeHost, tableOfHosts } from '../host-table';
import { apiOf, type Context, printJson, userOf, wantsJson } from './context';

interface HostPage {
  items: HostDetail[];
}

const VERBS = [
  {
    verb: 'cordon',
    summary: 'keep new runs from hosts',
    description: 'What runs on them goes on.',
    done: 'takes no new runs',
  },
  {
    verb: 'drain',
    summary: 'empty hosts',
    description:
      'They take no new runs, and preemptible ones leave for other hosts. All others run to their end: nothing is killed.',
    done: 'takes no new runs and empties itself',
  },
  {
    verb: 'uncordon',
    summary: 'let hosts take runs again',
    description: 'After a cordon or a drain.',
    done: 'takes runs',
  },
] as const;

export function addHostsCommand(program: Command, context: Context): void {
  const { io } = context;
  const hosts = program
    .command('hosts')
    .summary('list hosts, let them take runs or not, and remove them')
    .description('Lists hosts: what they have, how much of it is given out, and what is the matter with them.')
    .option('--pool <name>', 'only hosts of this pool')
    .action(async ({ pool }: { pool?: string }, command: Command) => {
      const { items } = await apiOf(command).get<HostPage>('/v1/hosts');
      const shown = items.filter((host) => pool === undefined || host.pool === pool);
      if (wantsJson(command)) return printJson(io, { items: shown });
      if (shown.length === 0) return io.err('No hosts. Start a server, or a worker with the role "host".\n');
      io.out(`${tableOfHosts(shown, io.colors).join('\n')}\n`);
      warnOfReports(context, shown);
    });
  addShow(hosts, context);
  for (const verb of VERBS) addVerb(hosts, context, verb);
  addRemove(hosts, context);
}

function addShow(hosts: Command, context: Context): void {
  const { io } = context;
  hosts
    .command('show')
    .summary('show all that is known of a host')
    .argument('<name>')
    .action(async (name: string, _: object, command: Command) => {
      const host = await apiOf(command).get<HostDetail>(hostPath(name));
      if (wantsJson(command)) return printJson(io, host);
      io.out(`${describeHost(host, Date.now(), io.colors).join('\n')}\n`);
      warnOfReports(context, [host]);
    });
}

function addVerb(hosts: Command, context: Context, { verb, summary, description, done }: (typeof VERBS)[number]): void {
  const { io } = context;
  hosts
    .command(verb)
    .summary(summary)
    .description(description)
    .argument('<name...>')
    .action(async (names: string[], _: object, command: Command) => {
      const by = userOf(context);
      const changed: HostDetail[] = [];
      for (const name of names) {
        changed.push(await apiOf(command).send<HostDetail>('POST', `${hostPath(name)}/${verb}`, by ? { by } : {}));
        if (!wantsJson(command)) io.out(`${name} ${done}\n`);
      }
      if (wantsJson(command)) printJson(io, { items: changed });
    });
}

function addRemove(hosts: Command, { io }: Context): void {
  hosts
    .command('remove')
    .summary('remove hosts that are gone for good')
    .description(
      'They have to be lost and to hold nothing. They count no more for what their pool could hold; one that reports again comes back as a new host.',
    )
    .argument('<name...>')
    .action(async (names: string[], _: object, command: Command) => {
      for (const name of names) {
        await apiOf(command).send('DELETE', hostPath(name));
        if (!wantsJson(command)) io.out(`${name} is removed\n`);
      }
      if (wantsJson(command)) printJson(io, { removed: names });
    });
}

function warnOfReports({ io }: Context, hosts: readonly HostDetail[]): void {
  if (hosts.every(({ source }) => source === 'pool')) return;
  io.err('What is given out is not known of every host: its pool has not begun, or does not answer.\n');
}

function hostPath(name: string): string {
  return `/v1/hosts/${encodeURIComponent(name)}`;
}
