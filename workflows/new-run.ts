import { workflowInfo } from '@temporalio/workflow';

import { MEMO } from '../contract/names';
import type { Attempt, Run } from '../contract/run';
import type { RunSubmission } from '../contract/spec';

/** A run of which nothing is known yet but its submission. */
export function newRun(submission: RunSubmission): Run {
  const info = workflowInfo();
  return {
    id: info.workflowId,
    name: submission.name ?? info.workflowId,
    state: 'queued',
    reason: null,
    message: null,
    attempt: 0,
    host: null,
    exitCode: null,
    createdAt: info.startTime.toISOString(),
    startedAt: null,
    endedAt: null,
    image: submission.image ?? '',
    imageDigest: null,
    recipe: submission.recipe ?? null,
    schedule: textOrNull(info.memo?.[MEMO.schedule]),
    rerunOf: textOrNull(info.memo?.[MEMO.rerunOf]),
    policy: null,
    firstFailure: null,
    labels: submission.labels ?? {},
    params: submission.params ?? {},
  };
}

export function newAttempt(number: number, changes: string[]): Attempt {
  return {
    number,
    host: null,
    form: 'container',
    containerId: null,
    imageDigest: null,
    reason: null,
    message: null,
    exitCode: null,
    startedAt: null,
    endedAt: null,
    logLines: null,
    logGaps: null,
    changes,
    evidence: null,
    machine: null,
  };
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
