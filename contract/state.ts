/**
 * The states of a run, from submission to its end.
 *
 * `queued` → `pulling` → `starting` → `running` → `succeeded | failed | cancelled`, with `retrying` between two attempts,
 * `stopping` while a container is being stopped, `suspended` while somebody wants it to wait, without a container and
 * without anything of a host, and `unreachable` while the host of a container does not answer: not a failure, a state with
 * a timer.
 */
export const RUN_STATES = [
  'queued',
  'pulling',
  'starting',
  'running',
  'unreachable',
  'retrying',
  'suspended',
  'stopping',
  'succeeded',
  'failed',
  'cancelled',
] as const;

export type RunState = (typeof RUN_STATES)[number];

export const END_STATES = ['succeeded', 'failed', 'cancelled'] as const satisfies readonly RunState[];

export type EndState = (typeof END_STATES)[number];

export function isEndState(state: RunState): state is EndState {
  return (END_STATES as readonly RunState[]).includes(state);
}

/** Those of a run that has not ended. */
export const LIVE_STATES: readonly RunState[] = RUN_STATES.filter((state) => !isEndState(state));
