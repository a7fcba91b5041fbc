import { createHmac } from 'node:crypto';

/**
 * The signature of a notification: of the time of this try, the id and the exact bytes of the body, so that nobody who has
 * seen one can send another, or the same one later. Receivers compute the same; see docs/notifications.md.
 *
 * @param timestamp seconds since 1970.
 * @returns `v1=` and the HMAC-SHA256 in hexadecimal.
 */
export function sign(key: string, timestamp: number, id: string, body: string): string {
  return `v1=${createHmac('sha256', key).update(`${timestamp}.${id}.${body}`).digest('hex')}`;
}
