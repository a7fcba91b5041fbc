import type { EndReason } from './reason';
import type { Run } from './run';
import type { NotifyTarget, Trigger } from './spec-notify';

/** One thing that one target is told of a run. It has no secret in it: it stands in histories. */
export interface Notification {
  /** Stays the same however often its delivery is tried, and belongs to no other: a receiver knows a repetition by it. */
  id: string;
  /** The first of `triggers`. */
  type: Trigger;
  /** Words of the target's `on` that the change met: the state first, then end reasons, then `rule`. */
  triggers: Trigger[];
  /** When it happened. */
  at: string;
  run: Pick<
    Run,
    'id' | 'name' | 'state' | 'reason' | 'message' | 'attempt' | 'host' | 'exitCode' | 'labels' | 'recipe'
  >;
  /** The attempt that ended just before; null where none did. */
  ended: EndedAttempt | null;
  /** The rule of the policy that matched that attempt, and what it says; null where none did. */
  rule: string | null;
}

export interface EndedAttempt {
  attempt: number;
  reason: EndReason;
  message: string;
  exitCode: number | null;
  /** What it most likely was, and the mend; null where nobody knows. */
  hint: string | null;
}

/** What `sendNotification` is given, and the workflow that calls it. */
export interface SendNotificationInput {
  notification: Notification;
  target: Pick<NotifyTarget, 'url' | 'urlSecret' | 'form' | 'secret'>;
}

export interface Delivered {
  /** Status that the receiver answered with: 200 to 299. */
  status: number;
}

/** How Temporal waits between two tries of a delivery, in milliseconds; a receiver may ask for longer. */
export const DELIVERY_RETRY = { firstMs: 1_000, factor: 2, longestMs: 600_000 } as const;

/** How people name a target: never more of its address than they may see. */
export function nameTarget({ url, urlSecret }: SendNotificationInput['target']): string {
  return url === undefined ? `the address in the secret ${urlSecret}` : new URL(url).origin;
}
