import type { EndState } from './state';

/**
 * Why an attempt or a run ended: one closed list, with total tables to the state of the run, to the budget a retry is
 * taken from, and to a sentence. An activity that fails for a known cause throws an `ApplicationFailure` whose type is the
 * reason, so the cause crosses Temporal without being translated.
 */
export const END_REASONS = [
  'completed',
  'exit-code',
  'out-of-memory',
  'killed-by-signal',
  'command-not-runnable',
  'image-not-found',
  'image-access-denied',
  'image-unusable',
  'image-removed',
  'registry-unavailable',
  'pull-silent',
  'pull-timeout',
  'queued-timeout',
  'start-timeout',
  'running-timeout',
  'silent',
  'total-timeout',
  'start-failed',
  'mount-refused',
  'engine-unavailable',
  'engine-restarted',
  'container-vanished',
  'host-lost',
  'disk-full',
  'no-host',
  'no-capacity',
  'node-failed',
  'invalid-spec',
  'preempted',
  'suspended',
  'cancelled',
  'workflow-terminated',
  'internal-error',
] as const;

export type EndReason = (typeof END_REASONS)[number];

export function isEndReason(text: unknown): text is EndReason {
  return (END_REASONS as readonly unknown[]).includes(text);
}

/**
 * What a retry is paid from: `user` (the attempts of the policy), `infrastructure` (a budget of its own, for causes that
 * are not the user's), `free` (nothing: somebody wanted it so, and the run goes on), or `never`: the same would only happen
 * again.
 */
export type RetryClass = 'user' | 'infrastructure' | 'free' | 'never';

interface ReasonFacts {
  state: EndState;
  retry: RetryClass;
  /** One sentence for people; `{…}` is filled from {@link ReasonDetail}. */
  sentence: string;
}

export const REASONS: Record<EndReason, ReasonFacts> = {
  completed: { state: 'succeeded', retry: 'never', sentence: 'The command ended with exit code 0.' },
  'exit-code': { state: 'failed', retry: 'user', sentence: 'The command ended with exit code {exitCode}. {detail}' },
  'out-of-memory': {
    state: 'failed',
    retry: 'user',
    sentence: 'The container went over its memory limit and the kernel killed it; raise resources.memory.',
  },
  'killed-by-signal': {
    state: 'failed',
    retry: 'user',
    sentence: 'The command was killed by {signal}, which Trainyard did not send. {detail}',
  },
  'command-not-runnable': {
    state: 'failed',
    retry: 'never',
    sentence: 'The command cannot be run in this image: {detail}',
  },
  'image-not-found': {
    state: 'failed',
    retry: 'never',
    sentence: 'The image does not exist where it was looked for: {detail}',
  },
  'image-access-denied': {
    state: 'failed',
    retry: 'never',
    sentence: 'The registry refused access to the image: {detail}',
  },
  'image-unusable': { state: 'failed', retry: 'never', sentence: 'The image cannot be used on this host: {detail}' },
  'image-removed': {
    state: 'failed',
    retry: 'infrastructure',
    sentence: 'The image was removed from the host between its pull and the start: {detail}',
  },
  'registry-unavailable': {
    state: 'failed',
    retry: 'infrastructure',
    sentence: 'The image could not be pulled: {detail}',
  },
  'pull-silent': {
    state: 'failed',
    retry: 'infrastructure',
    sentence:
      'The pull made no progress for {timeout} and was given up (policy.timeouts.pullSilence); raise it in the spec for a registry that is slow to answer.',
  },
  'pull-timeout': {
    state: 'failed',
    retry: 'infrastructure',
    sentence:
      'The pull took longer than {timeout} and was given up (policy.timeouts.pull); raise it in the spec for a large image or a slow registry.',
  },
  'queued-timeout': {
    state: 'failed',
    retry: 'never',
    sentence:
      'The run waited longer than {timeout} for its turn (policy.timeouts.queued); raise it in the spec, or while the run waits with `trainyard change`. {detail}',
  },
  'start-timeout': {
    state: 'failed',
    retry: 'infrastructure',
    sentence:
      'The container did not start within {timeout} (policy.timeouts.start); raise it in the spec for a host that is slow.',
  },
  'running-timeout': {
    state: 'failed',
    retry: 'never',
    sentence:
      'The container ran longer than {timeout} and was stopped (policy.timeouts.running); raise it in the spec, or while the run goes on with `trainyard change`.',
  },
  silent: {
    state: 'failed',
    retry: 'user',
    sentence:
      'The container wrote no line and no checkpoint for {timeout} and was stopped (policy.timeouts.silence). {detail} Raise it in the spec, or while the run goes on with `trainyard change`.',
  },
  'total-timeout': {
    state: 'failed',
    retry: 'never',
    sentence:
      'The run took longer than {timeout} in all and was stopped (policy.timeouts.total); raise it in the spec, or while the run goes on with `trainyard change`.',
  },
  'start-failed': {
    state: 'failed',
    retry: 'infrastructure',
    sentence: 'The container could not be started: {detail}',
  },
  'mount-refused': { state: 'failed', retry: 'never', sentence: 'A mount is not allowed: {detail}' },
  'engine-unavailable': {
    state: 'failed',
    retry: 'infrastructure',
    sentence: 'The Docker Engine of the host did not answer: {detail}',
  },
  'engine-restarted': {
    state: 'failed',
    retry: 'infrastructure',
    sentence:
      'The Docker Engine of the host, or the machine itself, was restarted, which ended the container; with live-restore it goes on while the engine restarts. {detail}',
  },
  'container-vanished': {
    state: 'failed',
    retry: 'infrastructure',
    sentence: 'The container was removed by somebody else while the run was using it.',
  },
  'host-lost': {
    state: 'failed',
    retry: 'infrastructure',
    sentence:
      'The host did not answer for {timeout} (policy.timeouts.unreachable; raise it in the spec to wait longer) and lost its lease; should it come back, it removes the container before anything else. {detail}',
  },
  'disk-full': { state: 'failed', retry: 'infrastructure', sentence: 'The disk of the host is full: {detail}' },
  'no-host': { state: 'failed', retry: 'infrastructure', sentence: 'No host could take the run: {detail}' },
  'no-capacity': { state: 'failed', retry: 'never', sentence: 'No host of the pool could ever hold the run: {detail}' },
  // Of the other nodes of a gang, and of attempts only: the gang itself ends as the node did that failed first.
  'node-failed': { state: 'failed', retry: 'user', sentence: 'Another node of the gang ended first: {detail}' },
  'invalid-spec': { state: 'failed', retry: 'never', sentence: 'The run spec is refused: {detail}' },
  // Of attempts only: a preempted or suspended run has not ended.
  preempted: { state: 'cancelled', retry: 'free', sentence: 'The attempt gave its place back: {detail}.' },
  suspended: { state: 'cancelled', retry: 'free', sentence: 'The run was suspended{by}.' },
  cancelled: { state: 'cancelled', retry: 'never', sentence: 'The run was cancelled{by}.' },
  'workflow-terminated': {
    state: 'failed',
    retry: 'never',
    sentence: 'The workflow of the run was ended in Temporal without its clean-up; what it left is removed.',
  },
  'internal-error': {
    state: 'failed',
    retry: 'infrastructure',
    sentence: 'Trainyard itself failed: {detail}',
  },
};

/** What the sentence of a reason is filled with; a missing value leaves its place empty. */
export interface ReasonDetail {
  exitCode?: number;
  signal?: string;
  timeout?: string;
  by?: string;
  detail?: string;
  /** A sentence of its own behind that of any reason, such as which node of a gang it was. */
  where?: string;
}

/** The sentence that tells a person why an attempt or a run ended. */
export function describeReason(reason: EndReason, detail: ReasonDetail = {}): string {
  const values: Record<string, string> = {
    exitCode: String(detail.exitCode ?? '?'),
    signal: detail.signal ?? 'a signal',
    timeout: detail.timeout ?? 'its limit',
    by: detail.by ? ` by ${detail.by}` : '',
    detail: detail.detail ?? '',
  };
  const sentence = REASONS[reason].sentence.replace(/\{(\w+)\}/g, (_, key: string) => values[key] ?? '').trim();
  return detail.where === undefined ? sentence : `${sentence} ${detail.where}`;
}
