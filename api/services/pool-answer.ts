import type { PoolView } from '../../contract/pool';
import { ProblemError } from '../problem-error';
import type { PoolAnswer } from '../temporal/pools';

/**
 * The pool as it stands with a change that was asked of it.
 *
 * @param what was to be changed, for people.
 * @throws {ProblemError} `change-refused` with the words of the pool, `change-unconfirmed`.
 */
export function poolAnswered(answer: PoolAnswer, what: string): PoolView {
  if ('view' in answer) return answer.view;
  if (answer.refusal !== 'unconfirmed') throw new ProblemError('change-refused', answer.why);
  const detail = `No worker has confirmed the change of ${what} in time. It may still be made when one takes it up; look again, or send the same change again, which does no harm.`;
  throw new ProblemError('change-unconfirmed', detail, { headers: { 'retry-after': '5' } });
}
