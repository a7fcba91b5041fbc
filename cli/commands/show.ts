import type { Command } from 'commander';

import { counted } from '../../contract/counted';
import { type AttemptDetail, MOST_LAST_LINES, type RunDetail } from '../../contract/http';
import type { RunExplanation } from '../../contract/pool-http';
import type { Attempt, RunEvent } from '../../contract/run';
import { isEndState } from '../../contract/state';
import { describeFailures } from '../evidence';
import { explanationRows, leaseRows } from '../explanation';
import { findRunId, runPath } from '../find-run';
import { color, coloredState, labelled, relativeTime, table } from '../format';
import type { Io } from '../io';
import { ranFor } from '../run-table';
import { wholeFrom } from './arguments';
import { apiOf, type Context, printJson, wantsJson } from './context';

const MOST_EVENTS = 500;
const LINES = 10;

export function addShowCommand(program: Command, { io }: Context): void {
  program
    .command('show')
    .summary('show all that is known of a run')
    .description('Shows a run, its attempts and its events; of each attempt that failed, the evidence of why.')
    .argument('<id>', 'id of the run, or its beginning')
    .option('--lines <number>', 'last lines of the log of each failed attempt', wholeFrom(0, MOST_LAST_LINES), LINES)
    .action(async (typed: string, { lines }: { lines: number }, command: Command) => {
      const api = apiOf(command);
      const id = await findRunId(api, typed);
      const run = await api.get<RunDetail>(runPath(id));
      const { items: events } = await api.get<{ items: RunEvent[] }>(`${runPath(id)}/events`, { limit: MOST_EVENTS });
      const { items: attempts } = await api.get<{ items: AttemptDetail[] }>(`${runPath(id)}/attempts`, { lines });
      const place = isEndState(run.state) ? null : await api.get<RunExplanation>(`${runPath(id)}/explain`);
      const { waiting = null, lease = null } = place ?? {};
      if (wantsJson(command)) return printJson(io, { ...run, attempts, events, waiting, lease });
      io.out(`${describeRun({ ...run, attempts }, place, events, io).join('\n')}\n`);
    });
}

type ShownRun = RunDetail & { attempts: AttemptDetail[] };

function describeRun(run: ShownRun, place: RunExplanation | null, events: readonly RunEvent[], io: Io): string[] {
  const nowMs = Date.now();
  const heading = (text: string): string[] => ['', color(text, 1, io.colors)];
  return [
    ...facts(run, place, nowMs, io.colors),
    ...(run.attempts.length > 0 ? [...heading('Attempts'), ...tableOfAttempts(run.attempts, nowMs)] : []),
    ...describeFailures(run.attempts, run.spec, io.colors),
    ...(events.length > 0 ? [...heading('Events'), ...events.map(({ at, message }) => `${at}  ${message}`)] : []),
  ];
}

function facts(run: RunDetail, place: RunExplanation | null, nowMs: number, colors: boolean): string[] {
  const time = (instant: string | null): string =>
    instant === null ? '' : `${instant} (${relativeTime(instant, nowMs)})`;
  const pairs = (map: Record<string, unknown>): string =>
    Object.entries(map)
      .map(([key, value]) => `${key}=${String(value)}`)
      .join(' ');
  return labelled([
    ['id', run.id],
    ['name', run.name],
    ['state', coloredState(run.state, colors)],
    ['why', place?.waiting == null ? (run.message ?? '') : place.sentence],
    ...(place === null ? [] : explanationRows(place, nowMs)),
    ['reason', run.reason ?? ''],
    ['first', firstFailure(run)],
    ['exit code', run.exitCode === null ? '' : String(run.exitCode)],
    ['image', run.image],
    ['digest', run.imageDigest ?? ''],
    ['recipe', run.recipe ?? ''],
    ['rerun of', run.rerunOf ?? ''],
    ...gangRows(run),
    ['schedule', run.schedule ?? ''],
    ['policy', run.policy ?? ''],
    ...askedFor(run),
    ...leaseRows(place?.lease ?? null),
    ['params', pairs(run.params)],
    ['labels', pairs(run.labels)],
    ['host', run.host ?? ''],
    ['created', time(run.createdAt)],
    ['started', time(run.startedAt)],
    ['ended', time(run.endedAt)],
  ]);
}

/** Its gang where it is a node of one; else its other nodes, as they are now. */
function gangRows({ gangOf, rank, attempts }: RunDetail): [string, string][] {
  if (gangOf !== null) return [['gang', `node ${rank} of ${gangOf}`]];
  const nodes = attempts.at(-1)?.nodes ?? [];
  return nodes.map(({ rank: other, runId, host }) => [`node ${other}`, `${runId} on ${host}`]);
}

/** Where it waits, for whom it counts, and for what. */
function askedFor({ pool, project, owner, priority, gpus, spec }: RunDetail): [string, string][] {
  const { cpus = 1, memory = '' } = spec?.resources ?? {};
  const gpuText = gpus > 0 ? `${counted(gpus, 'GPU')}, ` : '';
  const preemptible = spec?.preemptible === true ? ', preemptible' : '';
  return [
    ['pool', pool],
    ['project', project],
    ['owner', owner],
    ['priority', `${priority}${preemptible}`],
    ['asks for', spec === null ? '' : `${gpuText}${counted(Number(cpus), 'CPU')}, ${memory} of memory`],
  ];
}

/** Where it is not what the run ended for as well, or it goes on. */
function firstFailure({ firstFailure: first, reason }: RunDetail): string {
  if (first === null || first.reason === reason) return '';
  return `attempt ${first.attempt}: ${first.reason}: ${first.message}`;
}

function tableOfAttempts(attempts: readonly Attempt[], nowMs: number): string[] {
  return table(
    ['#', 'AS', 'CONTAINER', 'RAN', 'EXIT', 'LINES', 'GAPS', 'WHY'],
    attempts.map((attempt) => [
      String(attempt.number),
      attempt.form === 'process' ? 'PROCESS' : 'container',
      attempt.containerId?.slice(0, 12) ?? '-',
      ranFor(attempt, nowMs),
      String(attempt.exitCode ?? '-'),
      String(attempt.logLines ?? '-'),
      String(attempt.logGaps ?? '-'),
      attempt.message ?? '',
    ]),
  );
}
