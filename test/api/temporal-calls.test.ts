import { type Connection, type ScheduleClient, ServiceError } from '@temporalio/client';

import { createCaller, GRPC } from '../../api/temporal/calls';
import type { ScheduledRunFacts } from '../../api/temporal/schedule-form';
import { createScheduleGateway } from '../../api/temporal/schedules';
import { ProblemError } from '../../api/problem-error';

/** A connection that only knows deadlines. That Temporal loses an answer cannot be brought about at will. */
const connection = { withDeadline: (_: number, operation: () => Promise<unknown>) => operation() } as Connection;

const call = createCaller(connection, '127.0.0.1:1', 'default');

const failure = (code: number): ServiceError =>
  new ServiceError('no answer', { cause: Object.assign(new Error('grpc'), { code, details: '', metadata: {} }) });

/** Fails with these codes, one after another, and then answers with how often it was asked. */
function failing(...codes: number[]): () => Promise<number> {
  let asked = 0;
  return async () => {
    const code = codes[asked];
    asked += 1;
    if (code !== undefined) throw failure(code);
    return asked;
  };
}

test.each([GRPC.deadlineExceeded, GRPC.cancelled])(
  'a question whose answer is lost is asked once more: code %d',
  async (code) => {
    expect(await call.ask(failing(code))).toBe(2);
  },
);

test('the replacement of a schedule, which looks at it first, is made once more where that is not answered', async () => {
  const update = jest.fn(failing(GRPC.deadlineExceeded));
  const schedules = createScheduleGateway({ getHandle: () => ({ update }) } as unknown as ScheduleClient, call);
  const facts: ScheduledRunFacts = { attributes: {} as ScheduledRunFacts['attributes'], summary: '', details: '' };

  await schedules.replace('nightly', { every: '1h', run: { image: 'some/image' } }, facts);

  expect(update).toHaveBeenCalledTimes(2);
});

test('a question that is not answered twice is given up', async () => {
  const giveUp = call.ask(failing(GRPC.deadlineExceeded, GRPC.deadlineExceeded));

  await expect(giveUp).rejects.toThrow(ProblemError);
});

test.each([
  ['a question to a Temporal that is away', () => call.ask(failing(GRPC.unavailable))],
  ['what changes something', () => call(failing(GRPC.deadlineExceeded))],
])('%s is sent once', async (_what, ask) => {
  await expect(ask()).rejects.toThrow(/Temporal at 127.0.0.1:1 does not answer/);
});
