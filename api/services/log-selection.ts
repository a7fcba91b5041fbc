import { type Fault, InvalidInputError } from '../../contract/fault';
import type { LogQuery, LogStream } from '../../store/log-store';
import { compilePattern, type LinePattern } from './line-pattern';
import { isRelativeMoment, readMoment } from './moment';

/** What the lines of a log can be asked for by, as a client writes it. */
export interface LineFilter {
  since?: string | undefined;
  until?: string | undefined;
  stream?: LogStream[] | undefined;
  /** Also Trainyard's own lines. */
  system: boolean;
}

/** What the lines of one log can be asked for by. */
export interface LogFilter extends LineFilter {
  from?: number | undefined;
  tail?: number | undefined;
  attempt?: number | undefined;
  grep?: string | undefined;
  literal: boolean;
  ignoreCase: boolean;
}

/**
 * The query of the store for what a client asks of one log.
 *
 * @param after number of the last line that the client has where it goes on with what it began before.
 * @throws {InvalidInputError} with every fault.
 */
export function logQueryOf(filter: LogFilter, options: { follow: boolean; after?: number | undefined }): LogQuery {
  const { from, tail, attempt, grep, literal, ignoreCase } = filter;
  const { follow, after } = options;
  const faults: Fault[] = [];
  if (follow && filter.until !== undefined) faults.push(NO_UNTIL_WITH_FOLLOW);
  // What told where to begin is past, and "the last 10 minutes" now begin later.
  const isPast = after !== undefined && filter.since !== undefined && isRelativeMoment(filter.since);
  const range = timeRangeOf(isPast ? { ...filter, since: undefined } : filter, faults);
  const pattern = collectFaults(faults, () =>
    grep === undefined ? undefined : compilePattern('grep', grep, { literal, ignoreCase }),
  );
  if (faults.length > 0) throw new InvalidInputError(faults, 'The query');
  return {
    ...(after === undefined ? { ...when('from', from), ...when('tail', tail) } : { from: after + 1 }),
    ...when('attempt', attempt),
    ...range,
    ...when('matches', pattern?.matches),
    streams: streamsOf(filter),
    // Whoever names streams gets those alone.
    notes: filter.stream === undefined,
  };
}

/** The same for a search over the logs of many runs. */
export function searchQueryOf(
  filter: LineFilter & { query: string; literal: boolean; ignoreCase: boolean },
  now: Date,
): { query: LogQuery; pattern: LinePattern } {
  const faults: Fault[] = [];
  const range = timeRangeOf(filter, faults, now);
  const pattern = collectFaults(faults, () => compilePattern('query', filter.query, filter));
  if (pattern === undefined || faults.length > 0) throw new InvalidInputError(faults, 'The query');
  return { query: { ...range, matches: pattern.matches, streams: streamsOf(filter) }, pattern };
}

const NO_UNTIL_WITH_FOLLOW: Fault = {
  path: 'until',
  message: 'cannot go with a follow, which ends when the run does; leave it out, or write follow=false',
};

function timeRangeOf(
  { since, until }: LineFilter,
  faults: Fault[],
  now = new Date(),
): Pick<LogQuery, 'since' | 'until'> {
  const range: Pick<LogQuery, 'since' | 'until'> = {};
  for (const [path, text] of Object.entries({ since, until })) {
    if (text === undefined) continue;
    const moment = readMoment(path, text, now);
    if ('fault' in moment) faults.push(moment.fault);
    else range[path as 'since' | 'until'] = moment.time;
  }
  if (range.since !== undefined && range.until !== undefined && range.since >= range.until) {
    faults.push({ path: 'until', message: `must be later than \`since\`, which is ${range.since}` });
  }
  return range;
}

function streamsOf({ stream, system }: LineFilter): LogStream[] {
  const chosen: LogStream[] = stream ?? ['stdout', 'stderr'];
  return system && !chosen.includes('system') ? [...chosen, 'system'] : chosen;
}

function collectFaults<T>(faults: Fault[], work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    faults.push(...error.faults);
    return undefined;
  }
}

function when<K extends keyof LogQuery>(key: K, value: LogQuery[K] | undefined): Pick<LogQuery, K> | object {
  return value === undefined ? {} : { [key]: value };
}
