import type { Run } from '../contract/run';
import { coloredState, duration, relativeTime, table } from './format';

/** The table of `trainyard ls`: newest first, as the server lists them. */
export function tableOfRuns(runs: readonly Run[], nowMs: number, colors: boolean): string[] {
  return table(
    ['ID', 'STATE', 'CREATED', 'RAN', 'ATTEMPT', 'RECIPE', 'WHY'],
    runs.map((run) => [
      run.id,
      coloredState(run.state, colors),
      relativeTime(run.createdAt, nowMs),
      ranFor(run, nowMs),
      String(run.attempt),
      run.recipe ?? '-',
      run.state === 'succeeded' ? '' : (run.message ?? ''),
    ]),
  );
}

export function ranFor({ startedAt, endedAt }: Pick<Run, 'startedAt' | 'endedAt'>, nowMs: number): string {
  if (startedAt === null) return '-';
  return duration((endedAt === null ? nowMs : Date.parse(endedAt)) - Date.parse(startedAt));
}
