import { ApplicationFailure } from '@temporalio/common';

import { guarded } from '../../workflows/pool-guard';

function thrownBy(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return error;
  }
}

it('an error in the handler of a message is the failure of that message alone, and what was taken of it is taken back', () => {
  const taken: string[] = [];
  const handle = guarded(
    (input: string) => {
      taken.push(input);
      throw new TypeError('no such field');
    },
    (input) => taken.splice(taken.indexOf(input), 1),
  );
  const error = thrownBy(() => handle('claim'));
  expect(error).toBeInstanceOf(ApplicationFailure);
  expect(error).toMatchObject({
    type: 'pool-fault',
    nonRetryable: true,
    message: expect.stringContaining('no such field'),
  });
  expect(taken).toEqual([]);
});

it('a refusal stays what it is, and so does an answer', () => {
  const refusal = ApplicationFailure.nonRetryable('no', 'unknown-host');
  const refusing = guarded(() => {
    throw refusal;
  });
  expect(thrownBy(() => refusing(null))).toBe(refusal);
  expect(guarded((input: number) => input + 1)(1)).toBe(2);
});
