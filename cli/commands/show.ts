import type { Command } from 'commander';

import type { RunDetail } from '../../contract/http';
import type { Attempt, RunEvent } from '../../contract/run';
import { findRunId, runPath } from '../find-run';
import { color, coloredState, relativeTime, table } from '../format';
import type { Io } from '../io';
import { ranFor } from '../run-table';
import { apiOf, type Context, printJson, wantsJson } from './context';

const MOST_EVENTS = 500;

export function addShowCommand(program: Command, { io }: Context): void {
  program
    .command('show')
    .summary('show all that is known of a run')
    .argument('<id>', 'id of the run, or its beginning')
    .action(async (typed: string, _: object, command: Command) => {
      const api = apiOf(command);
      const id = await findRunId(api, typed);
      const run = await api.get<RunDetail>(runPath(id));
      const { items: events } = await api.get<{ items: RunEvent[] }>(`${runPath(id)}/events`, { limit: MOST_EVENTS });
      if (wantsJson(command)) return printJson(io, { ...run, events });
      io.out(`${describeRun(run, events, Date.now(), io).join('\n')}\n`);
    });
}

function describeRun(run: RunDetail, events: readonly RunEvent[], nowMs: number, io: Io): string[] {
  const heading = (text: string): string[] => ['', color(text, 1, io.colors)];
  return [
    ...facts(run, nowMs, io.colors),
    ...(run.attempts.length > 0 ? [...heading('Attempts'), ...tableOfAttempts(run.attempts, nowMs)] : []),
    ...(events.length > 0 ? [...heading('Events'), ...events.map(({ at, message }) => `${at}  ${message}`)] : []),
  ];
}

function facts(run: RunDetail, nowMs: number, colors: boolean): string[] {
  const time = (instant: string | null): string =>
    instant === null ? '' : `${instant} (${relativeTime(instant, nowMs)})`;
  const pairs = (map: Record<string, unknown>): string =>
    Object.entries(map)
      .map(([key, value]) => `${key}=${String(value)}`)
      .join(' ');
  const rows: [string, string][] = [
    ['id', run.id],
    ['name', run.name],
    ['state', coloredState(run.state, colors)],
    ['why', run.message ?? ''],
    ['reason', run.reason ?? ''],
    ['exit code', run.exitCode === null ? '' : String(run.exitCode)],
    ['image', run.image],
    ['digest', run.imageDigest ?? ''],
    ['recipe', run.recipe ?? ''],
    ['schedule', run.schedule ?? ''],
    ['policy', run.policy ?? ''],
    ['params', pairs(run.params)],
    ['labels', pairs(run.labels)],
    ['host', run.host ?? ''],
    ['created', time(run.createdAt)],
    ['started', time(run.startedAt)],
    ['ended', time(run.endedAt)],
  ];
  return rows.filter(([, value]) => value !== '').map(([label, value]) => `${label.padEnd(10)} ${value}`);
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
