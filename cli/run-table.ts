import type { Run } from '../contract/run';
import { PLAIN_CAPACITY } from '../contract/run-capacity';
import { coloredState, duration, relativeTime, table } from './format';

/** Columns that are shown only where they tell runs apart from those that say nothing of their place. */
const PLACES: { title: string; plain: string | number; of: (run: Run) => string | number }[] = [
  { title: 'POOL', plain: PLAIN_CAPACITY.pool, of: ({ pool }) => pool },
  { title: 'PROJECT', plain: PLAIN_CAPACITY.project, of: ({ project }) => project },
  { title: 'OWNER', plain: PLAIN_CAPACITY.owner, of: ({ owner }) => owner },
  { title: 'PRIORITY', plain: PLAIN_CAPACITY.priority, of: ({ priority }) => priority },
  { title: 'GPUS', plain: PLAIN_CAPACITY.gpus, of: ({ gpus }) => gpus },
];

/** The table of `trainyard ls`: newest first, as the server lists them. */
export function tableOfRuns(runs: readonly Run[], nowMs: number, colors: boolean): string[] {
  const places = PLACES.filter(({ plain, of }) => runs.some((run) => of(run) !== plain));
  return table(
    ['ID', 'STATE', 'CREATED', 'RAN', 'ATTEMPT', 'RECIPE', ...places.map(({ title }) => title), 'WHY'],
    runs.map((run) => [
      run.id,
      coloredState(run.state, colors),
      relativeTime(run.createdAt, nowMs),
      ranFor(run, nowMs),
      String(run.attempt),
      run.recipe ?? '-',
      ...places.map(({ of }) => String(of(run))),
      run.state === 'succeeded' ? '' : (run.message ?? ''),
    ]),
  );
}

export function ranFor({ startedAt, endedAt }: Pick<Run, 'startedAt' | 'endedAt'>, nowMs: number): string {
  if (startedAt === null) return '-';
  return duration((endedAt === null ? nowMs : Date.parse(endedAt)) - Date.parse(startedAt));
}
