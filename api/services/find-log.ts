import { findNode, type FoundNode, type NodeChoice } from '../../contract/gang';
import type { Run } from '../../contract/run';
import { invalidInput, ProblemError } from '../problem-error';
import { findRun, type FoundRun } from './find-run';
import type { LogFilter } from './log-selection';
import type { Services } from './services';

/** Whose log is asked for. */
export interface LogChoice {
  /** Rank of a node of a gang. */
  node?: number | undefined;
  attempt?: number | undefined;
  /** Whether the client goes on after lines that it has. */
  isResumed: boolean;
}

/**
 * The run whose log is asked for: the run itself, or a node of it, which is a run as well.
 *
 * @throws {ProblemError} `not-found`, `log-removed`, `invalid-input`, `not-known-yet`, `temporal-unavailable`.
 */
export async function findRunWithLog(services: Services, runId: string, choice: LogChoice): Promise<Run> {
  const { node: rank = 0, attempt, isResumed } = choice;
  const asked = await findRun(services, runId);
  const { run } = rank === 0 ? asked : await findNodeRun(services, asked, { rank, attempt }, isResumed);
  const removal = await services.logStore.removal(run.id);
  if (removal === null) return run;
  const detail = `The log of this run was removed on ${removal.at}, because ${removal.because}. The run itself and its events are still there.`;
  throw new ProblemError('log-removed', detail);
}

async function findNodeRun(
  services: Services,
  { run, attempts, spec }: FoundRun,
  choice: NodeChoice,
  isResumed: boolean,
): Promise<FoundRun> {
  const nodeId = runIdIn(findNode({ ...run, attempts, spec }, choice));
  const logs = attempts.filter(({ nodes }) => nodes.length > 0).length;
  if (isResumed && choice.attempt === undefined && logs > 1) throw invalidInput([WHICH_ATTEMPT]);
  return findRun(services, nodeId);
}

const WHICH_ATTEMPT = {
  path: 'attempt',
  message: 'must be named: a node has a log of its own in each attempt, and the line to go on from is of one of them',
};

function runIdIn(node: FoundNode): string {
  if ('runId' in node) return node.runId;
  throw 'fault' in node ? invalidInput([node.fault]) : new ProblemError('not-found', node.absent);
}

/** What is asked for of the log that was found: that of a node is of one attempt, which was chosen already. */
export function filterOf<Filter extends LogFilter>(query: Filter & Pick<LogChoice, 'node'>): LogFilter {
  return (query.node ?? 0) === 0 ? query : { ...query, attempt: undefined };
}
