import type { RunDetail } from '../contract/http';
import type { Run } from '../contract/run';
import type { ApiClient } from './api-client';
import { ProblemError, UsageError } from './errors';

/** As much of a page as is looked through for an id's beginning; more matches than this are ambiguous anyway. */
const CANDIDATES = 100;

/**
 * The id of a run from what the person typed: the whole id, or a beginning that only one run has.
 *
 * @throws {UsageError} if no run, or more than one, begins so.
 */
export async function findRunId(api: ApiClient, typed: string): Promise<string> {
  return (await withId(api, typed)) === null ? completed(api, typed) : typed;
}

/** The run itself, found in the same way. */
export async function findRun(api: ApiClient, typed: string): Promise<RunDetail> {
  return (await withId(api, typed)) ?? api.get<RunDetail>(runPath(await completed(api, typed)));
}

/** The run with this very id; null where there is none. */
async function withId(api: ApiClient, typed: string): Promise<RunDetail | null> {
  try {
    return await api.get<RunDetail>(runPath(typed));
  } catch (error) {
    if (error instanceof ProblemError && (error.status === 404 || error.status === 400)) return null;
    throw error;
  }
}

async function completed(api: ApiClient, typed: string): Promise<string> {
  const { items } = await api.get<{ items: Run[] }>('/v1/runs', { text: typed, limit: CANDIDATES });
  const found = items.map(({ id }) => id).filter((id) => id.startsWith(typed));
  const [only] = found;
  if (only === undefined)
    throw new UsageError(`No run has the id ${typed}, or one that begins so; "trainyard ls" lists them.`);
  if (found.length > 1) {
    throw new UsageError(
      `${found.length} runs begin with ${typed}: ${found.slice(0, 5).join(', ')}${found.length > 5 ? ', …' : ''}; write more of the id.`,
    );
  }
  return only;
}

export function runPath(runId: string): string {
  return `/v1/runs/${encodeURIComponent(runId)}`;
}
