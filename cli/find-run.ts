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
  try {
    await api.get<Run>(runPath(typed));
    return typed;
  } catch (error) {
    if (!(error instanceof ProblemError) || (error.status !== 404 && error.status !== 400)) throw error;
  }
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
