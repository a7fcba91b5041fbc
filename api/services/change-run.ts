import { describeFault, InvalidInputError } from '../../contract/fault';
import type { Run, RunReport } from '../../contract/run';
import { checkRunChange } from '../../contract/run-change';
import { isEndState } from '../../contract/state';
import { ProblemError } from '../problem-error';
import { findRun } from './find-run';
import type { Services } from './services';

const SOON = { headers: { 'retry-after': '5' } };

/**
 * Changes limits and labels of a run that goes on; what is answered holds already. Where nobody answers in time, nobody
 * knows: the change may still be made.
 *
 * @throws {InvalidInputError} with every fault of the change itself.
 * @throws {ProblemError} `change-refused` where it does not fit the run as it stands, `already-ended`, `change-unconfirmed`,
 *   `not-found`, `not-known-yet`, `temporal-unavailable`.
 */
export async function changeRun(services: Services, runId: string, input: unknown): Promise<RunReport> {
  const checked = checkRunChange(input ?? {});
  if (checked.faults !== undefined) throw new InvalidInputError(checked.faults, 'The change');
  const { run } = await findRun(services, runId);
  if (isEndState(run.state)) throw ended(run);
  const answer = await services.temporal.runs.change(runId, { by: 'the API', ...checked.change });
  if ('report' in answer) return answer.report;
  switch (answer.refusal) {
    case 'change-refused': {
      const detail = answer.faults.map((fault) => describeFault(fault)).join('; ');
      throw new ProblemError('change-refused', detail, { faults: answer.faults });
    }
    case 'not-admitted':
      throw new ProblemError('not-known-yet', `The run "${runId}" has not been looked at yet; ask again.`, SOON);
    case 'unconfirmed': {
      const detail = `No worker has confirmed the change of the run "${runId}" in time. It may still be made when one takes it up; look at the run, or send the same change again, which does no harm.`;
      throw new ProblemError('change-unconfirmed', detail, SOON);
    }
    case 'already-ended':
      // The read model may not have heard of its end.
      throw ended((await findRun(services, runId)).run);
    default:
      return answer satisfies never;
  }
}

function ended({ id, state }: Run): ProblemError {
  const how = isEndState(state) ? `has already ${state}` : 'has no workflow any more';
  return new ProblemError('already-ended', `The run "${id}" ${how}; there is nothing to change.`);
}
