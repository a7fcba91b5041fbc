import { ApplicationFailure } from '@temporalio/common';

import { createNotifyActivities } from '../../activities/notify-activities';
import { DeliveryError } from '../../notify/sender';
import { notification } from '../notify/sample-notification';

const INPUT = { notification: notification(), target: { url: 'https://hooks.example/', form: 'json' as const } };

/** What Temporal is told when the n-th try fails so. */
async function failureOf(error: Error, attempt = 1): Promise<unknown> {
  const { signal: cancellationSignal } = new AbortController();
  const sender = { send: () => Promise.reject(error) };
  const activities = createNotifyActivities({ sender, current: () => ({ attempt, cancellationSignal }) });
  return activities.sendNotification(INPUT).catch((thrown: unknown) => thrown);
}

it('tells Temporal what is final, and what to try again', async () => {
  expect(await failureOf(new DeliveryError('answered 404', { isFinal: true }))).toMatchObject({
    type: 'notification-refused',
    nonRetryable: true,
    message: 'answered 404',
  });
  expect(await failureOf(new DeliveryError('answered 500'))).toMatchObject({
    type: 'notification-failed',
    nonRetryable: false,
  });
});

it.each([
  ['longer than the first wait', 120_000, 1, 120_000],
  ['longer than the longest', 3_600_000, 50, 3_600_000],
  ['none at all', 0, 1, undefined],
  ['less than the wait has grown to', 120_000, 20, undefined],
])('lets a receiver ask for patience, never for less: %s', async (_, retryAfter, attempt, delay) => {
  const failure = await failureOf(new DeliveryError('answered 429', { retryAfter }), attempt);
  expect(failure).toBeInstanceOf(ApplicationFailure);
  expect((failure as ApplicationFailure).nextRetryDelay ?? undefined).toBe(delay);
});

it('passes on what nobody expected, which Temporal tries again', async () => {
  const error = new Error('the disk is gone');
  expect(await failureOf(error)).toBe(error);
});

it('gives the try up when its worker stops', async () => {
  const stopping = new AbortController();
  const given: AbortSignal[] = [];
  const sender = {
    send: async (_: unknown, signal: AbortSignal) => {
      given.push(signal);
      return { status: 200 };
    },
  };
  const current = () => ({ attempt: 1, cancellationSignal: stopping.signal });
  expect(await createNotifyActivities({ sender, current }).sendNotification(INPUT)).toEqual({ status: 200 });
  expect(given).toEqual([stopping.signal]);
});
