import type { Command } from 'commander';
import { parse, stringify } from 'yaml';

import type { PoolDetail, PoolSummary } from '../../contract/pool-http';
import { DEFAULT_POOL } from '../../contract/names';
import { UsageError } from '../errors';
import { describePool, tableOfPools, tableOfQueue } from '../pool-table';
import { apiOf, type Context, printJson, userOf, wantsJson } from './context';

export function addPoolsCommand(program: Command, context: Context): void {
  const { io } = context;
  const pools = program
    .command('pools')
    .summary('list pools of hosts, and change their settings')
    .description('Lists pools: how much of their hosts is given out, and how many runs wait.')
    .action(async (_: object, command: Command) => {
      const page = await apiOf(command).get<{ items: PoolSummary[] }>('/v1/pools');
      if (wantsJson(command)) return printJson(io, page);
      io.out(`${tableOfPools(page.items).join('\n')}\n`);
    });
  pools
    .command('show')
    .summary('show a pool: its settings, projects and reservations')
    .argument('[name]', 'name of the pool', DEFAULT_POOL)
    .action(async (name: string, _: object, command: Command) => {
      const pool = await apiOf(command).get<PoolDetail>(poolPath(name));
      if (wantsJson(command)) return printJson(io, pool);
      io.out(`${describePool(pool, io.colors).join('\n')}\n`);
    });
  addSet(pools, context);
}

function addSet(pools: Command, context: Context): void {
  const { io } = context;
  pools
    .command('set')
    .summary('change settings of a pool, from its next decision on')
    .description(
      'Settings: cpuOvercommit, maxQueued, ageing, preemption, fallback (none or process), usageHalfLife, weights.PROJECT, projectQuotas.PROJECT.LIMIT and ownerQuotas.OWNER.LIMIT with the limits gpus, cpus, runs and queued. The value none takes an entry of the last three away; * stands for everybody who is not named.',
    )
    .argument('<key=value...>', 'settings, such as ageing=5m weights.vision=3')
    .option('--pool <name>', 'name of the pool', DEFAULT_POOL)
    .addHelpText(
      'after',
      "\nExamples:\n  trainyard pools set cpuOvercommit=2 ageing=5m\n  trainyard pools set projectQuotas.vision.gpus=8 'ownerQuotas.*.runs=4'\n  trainyard pools set weights.vision=none",
    )
    .action(async (pairs: string[], { pool }: { pool: string }, command: Command) => {
      const by = userOf(context);
      const change = { ...changeOf(pairs), ...(by && { by }) };
      const changed = await apiOf(command).send<PoolDetail>('PATCH', poolPath(pool), change);
      if (wantsJson(command)) return printJson(io, changed);
      io.out(`${changed.name} is changed\n${stringify(changed.settings)}`);
    });
}

type Json = Record<string, unknown>;

/** Nothing is checked here that the server checks. */
function changeOf(pairs: readonly string[]): Json {
  const change: Json = {};
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    if (at < 1) throw new UsageError(`"${pair}" has no name and value; write such as ageing=5m`);
    const path = pathOf(pair.slice(0, at));
    const text = pair.slice(at + 1);
    // Elsewhere it is a value, as of fallback.
    const takesAway = text === 'none' && path.length > 1;
    put(change, path, takesAway ? null : (parse(text) as unknown));
  }
  return change;
}

const LIMITS = ['gpus', 'cpus', 'runs', 'queued'];

/** The name of an owner may have dots in it. */
function pathOf(key: string): string[] {
  const [setting = '', ...rest] = key.split('.');
  const last = rest.at(-1);
  if (rest.length < 2 || last === undefined) return [setting, ...rest];
  return LIMITS.includes(last) ? [setting, rest.slice(0, -1).join('.'), last] : [setting, rest.join('.')];
}

function put(target: Json, [key = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) {
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
    return;
  }
  const inner = Object.hasOwn(target, key) ? target[key] : undefined;
  const next = typeof inner === 'object' && inner !== null ? (inner as Json) : {};
  put(target, [key], next);
  put(next, rest, value);
}

export function addQueueCommand(program: Command, { io }: Context): void {
  program
    .command('queue')
    .summary('show what waits in a pool, in order, and why')
    .argument('[pool]', 'name of the pool', DEFAULT_POOL)
    .action(async (name: string, _: object, command: Command) => {
      const { queue: items, queued, source } = await apiOf(command).get<PoolDetail>(poolPath(name));
      if (wantsJson(command)) return printJson(io, { items, queued, source });
      if (source === 'reports' && queued > 0) {
        return io.err(`${queued} runs wait; in which order is not known, as the pool does not answer.\n`);
      }
      if (items.length === 0) return io.err('Nothing waits.\n');
      io.out(`${tableOfQueue(items, Date.now()).join('\n')}\n`);
      if (queued > items.length) io.err(`There are ${queued - items.length} more.\n`);
    });
}

function poolPath(name: string): string {
  return `/v1/pools/${encodeURIComponent(name)}`;
}
