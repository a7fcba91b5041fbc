import type { Run } from '../../contract/run';
import { isEndState } from '../../contract/state';
import type { Page, RunQuery } from '../run-store';
import { decodeCursor, encodeCursor } from './cursor';
import type { Database } from './database';
import { RUN_COLUMNS, runFromRow, toInstant, type RunRow } from './rows';

const MOST_RUNS = 500;

/** One page of the list of runs, newest first. */
export function listRuns(database: Database, query: RunQuery): Page<Run> {
  if (!Number.isInteger(query.limit) || query.limit < 1 || query.limit > MOST_RUNS) {
    throw new RangeError(`the limit of a list is a whole number from 1 to ${MOST_RUNS}, not ${query.limit}`);
  }
  const { sql, parameters } = selectRuns({ ...query, limit: query.limit + 1 });
  const rows = database.prepare(sql).all(...parameters) as RunRow[];

  const items = rows.slice(0, query.limit).map((row) => runFromRow(row));
  const last = items.at(-1);
  const next = rows.length > query.limit && last !== undefined ? encodeCursor(last) : null;
  return { items, next };
}

const COLUMN_OF = {
  state: 'state',
  rerunOf: 'rerun_of',
  gangOf: 'gang_of',
  recipe: 'recipe',
  schedule: 'schedule',
  owner: 'owner',
  project: 'project',
  pool: 'pool',
} as const;
/** Filters by where runs come from and whose they are, the one that is likely to leave the fewest first. */
const ORIGINS = ['gangOf', 'rerunOf', 'recipe', 'schedule', 'owner', 'project', 'pool'] as const;
/** Those that may leave nearly all runs. */
const WIDE: readonly string[] = ['owner', 'project', 'pool'];

interface Select {
  sql: string;
  parameters: (string | number)[];
}

interface Condition {
  sql: string;
  parameters: (string | number)[];
}

/**
 * The statement of a page. One filter drives: its index holds the runs in the order of the list, so the page is read off
 * it and nothing is sorted. The driver is the filter that is likely to leave the fewest runs, which of a project is that of
 * what goes on; the others are checked row by row, and `+` keeps the planner from preferring their indexes.
 *
 * Exported for the test that looks at the query plan.
 */
export function selectRuns(query: RunQuery): Select {
  const [firstLabel, ...otherLabels] = Object.entries(query.labels ?? {});
  const states = [...new Set(query.state)];
  const others = [
    ...otherLabels.map(([key, value]) => hasLabel(key, value)),
    ...textCondition(query.text),
    ...(query.gangOf === null ? [NO_NODE] : []),
  ];

  if (firstLabel !== undefined) {
    const driver = { sql: 'l.key = ? AND l.value = ?', parameters: firstLabel };
    const rest = [...columnConditions(query, ['state', ...ORIGINS]), ...others];
    return select('labels l CROSS JOIN runs r ON r.id = l.run_id', 'l.created_at, l.run_id', [driver, ...rest], query);
  }
  const origin = ORIGINS.find((candidate) => typeof query[candidate] === 'string');
  const hasFewer = states.length > 0 && states.every((state) => !isEndState(state)) && WIDE.includes(origin ?? '');
  if (origin !== undefined && !hasFewer) {
    const driver = { sql: `r.${COLUMN_OF[origin]} = ?`, parameters: [query[origin]!] };
    const rest = columnConditions(query, ['state', ...ORIGINS.filter((other) => other !== origin)]);
    return select('runs r', 'r.created_at, r.id', [driver, ...rest, ...others], query);
  }
  if (states.length === 0) return select('runs r', 'r.created_at, r.id', others, query);
  const rest = [...columnConditions(query, ORIGINS), ...others];
  return merge(
    states.map((state) =>
      select('runs r', 'r.created_at, r.id', [{ sql: 'r.state = ?', parameters: [state] }, ...rest], query),
    ),
    query.limit,
  );
}

/** @param order columns of the time and the id in the driving index. */
function select(from: string, order: string, conditions: readonly Condition[], query: RunQuery): Select {
  const all = [...conditions, ...timeConditions(query, order)];
  const where = all.length === 0 ? '' : `WHERE ${all.map(({ sql }) => sql).join(' AND ')}`;
  const columns = RUN_COLUMNS.map((column) => `r.${column}`).join(', ');
  const descending = order.replaceAll(/(\S+?)(,|$)/g, '$1 DESC$2');
  return {
    sql: `SELECT ${columns} FROM ${from} ${where} ORDER BY ${descending} LIMIT ?`,
    parameters: [...all.flatMap(({ parameters }) => parameters), query.limit],
  };
}

/** The newest of several selects, each of which reads at most a page. */
function merge(selects: readonly Select[], limit: number): Select {
  const [only] = selects;
  if (selects.length === 1 && only !== undefined) return only;
  return {
    sql: `${selects.map(({ sql }) => `SELECT * FROM (${sql})`).join(' UNION ALL ')} ORDER BY created_at DESC, id DESC LIMIT ?`,
    parameters: [...selects.flatMap(({ parameters }) => parameters), limit],
  };
}

/** After a page, its cursor is the upper bound where it is the tighter one: one bound is what an index can start at. */
function timeConditions(query: RunQuery, order: string): Condition[] {
  const [time] = order.split(', ') as [string];
  const conditions: Condition[] = [];
  const before = query.createdBefore === undefined ? undefined : toInstant(query.createdBefore);
  const cursor = query.cursor === undefined ? undefined : decodeCursor(query.cursor);
  if (cursor !== undefined && (before === undefined || cursor.createdAt < before)) {
    conditions.push({ sql: `(${order}) < (?, ?)`, parameters: [cursor.createdAt, cursor.id] });
  } else if (before !== undefined) {
    conditions.push({ sql: `${time} < ?`, parameters: [before] });
  }
  if (query.createdAfter !== undefined) {
    conditions.push({ sql: `${time} >= ?`, parameters: [toInstant(query.createdAfter)] });
  }
  return conditions;
}

function columnConditions(query: RunQuery, filters: readonly (keyof typeof COLUMN_OF)[]): Condition[] {
  return filters.flatMap((filter) => {
    const wanted = [query[filter] ?? []].flat();
    if (wanted.length === 0) return [];
    return [{ sql: `+r.${COLUMN_OF[filter]} IN (${wanted.map(() => '?').join(', ')})`, parameters: wanted }];
  });
}

/** Few runs are nodes of gangs, so these are checked row by row. */
const NO_NODE: Condition = { sql: '+r.gang_of IS NULL', parameters: [] };

function hasLabel(key: string, value: string): Condition {
  return {
    sql: 'EXISTS (SELECT 1 FROM labels o WHERE o.run_id = r.id AND o.key = ? AND +o.value = ?)',
    parameters: [key, value],
  };
}

function textCondition(text: string | undefined): Condition[] {
  if (text === undefined || text === '') return [];
  const pattern = `%${text.replaceAll(/[\\%_]/g, '\\$&')}%`;
  return [{ sql: "(r.id LIKE ? ESCAPE '\\' OR r.name LIKE ? ESCAPE '\\')", parameters: [pattern, pattern] }];
}
