import { workflowInfo } from '@temporalio/workflow';

import type { GangPlace } from '../contract/gang';
import { MEMO } from '../contract/names';
import type { Attempt, Run } from '../contract/run';
import type { RunSubmission } from '../contract/spec';
import { PLAIN_CAPACITY } from '../contract/run-capacity';

/** A run of which nothing is known yet but its submission. */
export function newRun(submission: RunSubmission, gang?: GangPlace): Run {
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
    // A rerun has the spec of a run, not that of the recipe as it is today; its starter tells where that came from.
    recipe: submission.recipe ?? textOrNull(info.memo?.[MEMO.recipe]),
    schedule: textOrNull(info.memo?.[MEMO.schedule]),
    rerunOf: textOrNull(info.memo?.[MEMO.rerunOf]),
    ...PLAIN_CAPACITY,
    gangOf: gang?.of ?? null,
    rank: gang?.rank ?? null,
    policy: null,
    firstFailure: null,
    labels: submission.labels ?? {},
    params: submission.params ?? {},
  };
}

/** The first event of a run. */
export function tellBeginning({ rerunOf }: Run): string {
  if (rerunOf === null) return 'The run was submitted.';
  const by = textOrNull(workflowInfo().memo?.[MEMO.by]);
  return `The run was submitted as a rerun of ${rerunOf}${by === null ? '' : ` by ${by}`}.`;
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
    nodes: [],
  };
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
