/**
 * A signal that is aborted after a time, with a `TimeoutError`; it keeps no process alive.
 *
 * In place of `AbortSignal.timeout` wherever the signal is joined with others by `AbortSignal.any`: Node 20 holds what is
 * joined only weakly, so a collection of garbage takes such a timeout away, and what it was to end goes on for ever.
 */
export function timeLimit(ms: number): AbortSignal {
  const controller = new AbortController();
  const over = (): void => controller.abort(new DOMException(`it took longer than ${ms} ms`, 'TimeoutError'));
  setTimeout(over, ms).unref();
  return controller.signal;
}
