import { ApplicationFailure } from '@temporalio/activity';

import type { NotifyActivities } from '../contract/activities';
import { DELIVERY_RETRY } from '../contract/notification';
import { DeliveryError, type Sender } from '../notify/sender';

export interface NotifyDeps {
  sender: Sender;
  /** The try that is under way: its number, from 1, and the signal that is aborted when its worker stops. */
  current: () => { attempt: number; cancellationSignal: AbortSignal };
}

/** The delivery of notifications; what it promises stands in contract/activities. */
export function createNotifyActivities({ sender, current }: NotifyDeps): NotifyActivities {
  return {
    sendNotification: async (input) => {
      const { attempt, cancellationSignal } = current();
      try {
        return await sender.send(input, cancellationSignal);
      } catch (error) {
        throw error instanceof DeliveryError ? failureOf(error, attempt) : error;
      }
    },
  };
}

function failureOf({ message, isFinal, retryAfterMs = 0 }: DeliveryError, attempt: number): ApplicationFailure {
  const { firstMs, factor, longestMs } = DELIVERY_RETRY;
  const waitMs = Math.min(longestMs, firstMs * factor ** (attempt - 1));
  return ApplicationFailure.create({
    type: isFinal ? 'notification-refused' : 'notification-failed',
    message,
    nonRetryable: isFinal,
    // A receiver may ask for more patience, never for less.
    ...(retryAfterMs > waitMs && { nextRetryDelay: retryAfterMs }),
  });
}
