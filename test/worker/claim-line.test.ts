import { WorkflowUpdateFailedError } from '@temporalio/client';

import type { ClaimAnswer, ClaimInput } from '../../contract/pool';
import { createClaimLine } from '../../worker/claim-line';
import { deferred, type Deferred } from '../helpers/deferred';
import { until } from '../helpers/until';

const claimOf = (runId: string): ClaimInput => ({ runId, claim: 1, attempt: 1 }) as ClaimInput;
const answerOf = ({ runId }: ClaimInput): ClaimAnswer => ({ kind: 'refused', why: `answer for ${runId}` });

/** A pool that answers a message when it is told to. */
function slowPool() {
  const sent: { runs: string[]; answer: Deferred<void> }[] = [];
  const take = async (claims: ClaimInput[]): Promise<ClaimAnswer[]> => {
    const answer = deferred<void>();
    sent.push({ runs: claims.map(({ runId }) => runId), answer });
    await answer.promise;
    return claims.map(answerOf);
  };
  const line = createClaimLine({ one: async (claim) => (await take([claim]))[0]!, all: take });
  return { sent, claim: async (runId: string) => line(claimOf(runId)) };
}

it('sends one message at a time, with all claims that came meanwhile, and gives each its own answer', async () => {
  const { sent, claim } = slowPool();
  const first = claim('a');
  const others = ['b', 'c', 'd'].map(claim);
  expect(sent.map(({ runs }) => runs)).toEqual([['a']]);

  sent[0]!.answer.resolve();
  expect(await first).toEqual({ kind: 'refused', why: 'answer for a' });
  await until(() => sent.length === 2);
  expect(sent[1]!.runs).toEqual(['b', 'c', 'd']);

  sent[1]!.answer.resolve();
  const whys = ['b', 'c', 'd'].map((runId) => ({ kind: 'refused', why: `answer for ${runId}` }));
  expect(await Promise.all(others)).toEqual(whys);
});

it('tells all claims of a message that got no answer, and sends those that come later', async () => {
  const { sent, claim } = slowPool();
  const all = ['a', 'b', 'c'].map(claim);
  const failures = Promise.allSettled(all);
  sent[0]!.answer.reject(new Error('no answer'));
  await expect(all[0]).rejects.toThrow('no answer');
  await until(() => sent.length === 2);
  sent[1]!.answer.reject(new Error('nor now'));
  expect((await failures).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);

  const later = claim('d');
  await until(() => sent.length === 3);
  sent[2]!.answer.resolve();
  expect(await later).toEqual({ kind: 'refused', why: 'answer for d' });
});

it('sends claims one by one where the pool refuses them together', async () => {
  const refused = new WorkflowUpdateFailedError('refused', new Error('one of them is faulty'));
  const line = createClaimLine({
    one: async (claim) => (claim.runId === 'bad' ? Promise.reject(refused) : answerOf(claim)),
    all: async () => Promise.reject(refused),
  });
  const answers = await Promise.allSettled(['first', 'good', 'bad', 'last'].map(async (runId) => line(claimOf(runId))));
  expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
});
