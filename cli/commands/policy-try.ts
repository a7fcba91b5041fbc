import { existsSync } from 'node:fs';

import type { Command } from 'commander';

import { counted } from '../../contract/counted';
import { parsePolicyReference } from '../../contract/policy-reference';
import type { Run } from '../../contract/run';
import { END_STATES } from '../../contract/state';
import { MOST_TRIED, type Tried, type TriedAttempt } from '../../contract/try-policy';
import type { ApiClient } from '../api-client';
import { UsageError } from '../errors';
import { findRunId } from '../find-run';
import { color, table } from '../format';
import type { Io } from '../io';
import { readDocument } from '../read-file';
import { wholeFrom } from './arguments';
import { apiOf, type Context, printJson, wantsJson } from './context';

interface TryOptions {
  runs?: string[];
  recipe?: string;
  last?: number;
  outcomes?: string;
}

const DEFAULT_LAST = 20;

export function addPolicyTry(policy: Command, { io }: Context): void {
  policy
    .command('try')
    .summary('show what a policy would have decided, and why')
    .description(
      'Goes through the attempts of past runs, or through outcomes that a file lists, and tells after each what the policy would have done. What would have come after that cannot be known.',
    )
    .argument('<file>', 'policy, or run spec with one, in YAML or JSON; or the name of a policy of the server')
    .option('--runs <id...>', 'on these runs')
    .option('-r, --recipe <name>', 'on the newest ended runs of this recipe')
    .option('--last <number>', `how many of them (default: ${DEFAULT_LAST})`, wholeFrom(1, MOST_TRIED))
    .option('--outcomes <file>', 'on outcomes: a list such as [{ reason: exit-code, exitCode: 1 }]')
    .addHelpText(
      'after',
      '\nExamples:\n  trainyard policy try policy.yaml --recipe digits --last 50\n  trainyard policy try patient --runs digits-abc digits-def\n  trainyard policy try job.yaml --outcomes outcomes.yaml',
    )
    .action(async (file: string, options: TryOptions, command: Command) => {
      const api = apiOf(command);
      const trial = {
        policy: await readPolicy(file, io),
        ...(await readRuns(api, options)),
        ...(options.outcomes === undefined ? {} : { outcomes: await readOutcomes(options.outcomes, io) }),
      };
      const page = await api.send<{ items: Tried[] }>('POST', '/v1/policies/try', trial);
      if (wantsJson(command)) return printJson(io, page);
      io.out(`${page.items.map((tried) => describeTried(tried, io.colors).join('\n')).join('\n\n')}\n`);
      io.err(`${summaryOf(page.items)}\n`);
    });
}

/** A file that is there goes before a policy of the same name. */
async function readPolicy(file: string, io: Io): Promise<unknown> {
  if (file !== '-' && !existsSync(file) && parsePolicyReference(file) !== null) return file;
  const document = await readDocument(file, io);
  const isObject = typeof document === 'object' && document !== null;
  return isObject && 'policy' in document ? document.policy : document;
}

async function readRuns(api: ApiClient, { runs, recipe, last, outcomes }: TryOptions): Promise<{ runs?: string[] }> {
  if (runs !== undefined) return { runs: await Promise.all(runs.map(async (typed) => findRunId(api, typed))) };
  if (recipe === undefined && last === undefined) {
    if (outcomes !== undefined) return {};
    throw new UsageError('Say what to try it on: --runs, --recipe with --last, or --outcomes.');
  }
  const query = { recipe, state: END_STATES.join(','), limit: last ?? DEFAULT_LAST };
  const { items } = await api.get<{ items: Run[] }>('/v1/runs', query);
  if (items.length === 0)
    throw new UsageError(`No run${recipe === undefined ? '' : ` of the recipe ${recipe}`} has ended.`);
  return { runs: items.map(({ id }) => id) };
}

async function readOutcomes(file: string, io: Io): Promise<unknown> {
  const document = await readDocument(file, io);
  const isObject = typeof document === 'object' && document !== null;
  return isObject && 'outcomes' in document ? document.outcomes : document;
}

function describeTried({ runId, verdict, differs, attempts, notes }: Tried, colors: boolean): string[] {
  const rows = attempts.map((attempt) => [
    `  ${attempt.attempt}`,
    attempt.exitCode === null ? attempt.reason : `${attempt.reason} (${attempt.exitCode})`,
    decided(attempt),
    [attempt.because, ...(attempt.differs === null ? [] : [`[${attempt.differs}]`])].join('  '),
  ]);
  return [
    `${color(runId ?? 'outcomes', 1, colors)}  ${differs ? color(verdict, 33, colors) : verdict}`,
    ...(rows.length > 0 ? table(['  #', 'ENDED', 'THEN', 'BECAUSE'], rows) : []),
    ...notes.map((note) => `  ${note}`),
  ];
}

function decided({ decision, delay, changes }: TriedAttempt): string {
  const words = {
    end: 'end',
    stop: 'stop',
    retry: 'retry',
    'retry-elsewhere': 'retry elsewhere',
    unknown: '?',
    'not-made': '-',
  };
  const after = delay === null ? '' : ` after ${delay}`;
  const change = changes.length === 0 ? '' : ` with ${changes.join(', ')}`;
  return `${words[decision]}${after}${change}`;
}

function summaryOf(items: readonly Tried[]): string {
  const runs = items.filter(({ runId }) => runId !== null);
  if (runs.length === 0) return 'Nothing was run or kept.';
  const other = runs.filter(({ differs }) => differs).length;
  return `${counted(runs.length, 'run')}, of which ${other} would have gone another way. Nothing was run or kept.`;
}
