import type {
  ScheduleDescription,
  ScheduleExecutionResult,
  ScheduleOptions,
  ScheduleOverlapPolicy,
  ScheduleSpec,
  ScheduleSpecDescription,
  ScheduleSummary as TemporalSummary,
  ScheduleUpdateOptions,
} from '@temporalio/client';

import { CONTROL_TASK_QUEUE, MEMO, RUN_WORKFLOW, scheduleNameFromId } from '../../contract/names';
import {
  DEFAULT_CATCH_UP_WINDOW,
  DEFAULT_OVERLAP,
  OVERLAP_POLICIES,
  type OverlapPolicy,
  type Schedule,
  type ScheduleReplacement,
  type ScheduleSummary,
} from '../../contract/schedule';
import type { RunSubmission } from '../../contract/spec';
import { parseDuration, writeDuration } from '../../contract/units';
import { type RunAttributes, searchAttributesOf } from './runs';

/** Schedules between our form and Temporal's. */

type Timing = Pick<Schedule, 'cron' | 'timeZone' | 'every' | 'offset'>;

/** What the runs of a schedule show in the Web UI. */
export interface ScheduledRunFacts {
  attributes: RunAttributes;
  summary: string;
  details: string;
}

export type TemporalScheduleBody = Pick<ScheduleOptions, 'spec' | 'action'> &
  Required<Pick<ScheduleUpdateOptions, 'policies'>>;

export function toTemporal(name: string, input: ScheduleReplacement, facts: ScheduledRunFacts): TemporalScheduleBody {
  return {
    spec: toSpec(input),
    policies: {
      overlap: toTemporalOverlap(input.overlap ?? DEFAULT_OVERLAP),
      catchupWindow: parseDuration(input.catchUpWindow ?? DEFAULT_CATCH_UP_WINDOW),
    },
    action: {
      type: 'startWorkflow',
      workflowType: RUN_WORKFLOW,
      taskQueue: CONTROL_TASK_QUEUE,
      // Temporal appends the time that the run is meant for.
      workflowId: name,
      args: [input.run],
      memo: { [MEMO.schedule]: name },
      typedSearchAttributes: searchAttributesOf({ ...facts.attributes, RunSchedule: name }),
      staticSummary: facts.summary,
      staticDetails: facts.details,
    },
  };
}

export function toTemporalOverlap(policy: OverlapPolicy): ScheduleOverlapPolicy {
  return policy.toUpperCase().replaceAll('-', '_') as ScheduleOverlapPolicy;
}

/** The schedule in our form; undefined for one that is not ours. */
export function fromDescription(description: ScheduleDescription): Schedule | undefined {
  const summary = fromSummary(description);
  const { action, info, policies } = description;
  if (!summary || action.workflowType !== RUN_WORKFLOW) return undefined;
  return {
    ...summary,
    run: (action.args?.[0] ?? {}) as RunSubmission,
    overlap: fromTemporalOverlap(policies.overlap),
    catchUpWindow: writeDuration(policies.catchupWindow),
    runningRuns: info.runningActions.map(({ workflow }) => workflow.workflowId),
    skippedRuns: info.numActionsSkippedOverlap,
    missedRuns: info.numActionsMissedCatchupWindow,
    createdAt: info.createdAt.toISOString(),
    updatedAt: info.lastUpdatedAt?.toISOString() ?? null,
  };
}

/** The schedule as a list shows it; undefined for one that is not ours. */
export function fromSummary({ scheduleId, spec, action, state, info }: TemporalSummary): ScheduleSummary | undefined {
  const name = scheduleNameFromId(scheduleId);
  // The list comes late: a schedule that was only just made has no action in it yet.
  if (name === undefined || (action && action.workflowType !== RUN_WORKFLOW)) return undefined;
  return {
    name,
    ...toTiming(spec),
    paused: state.paused,
    note: state.note || null,
    nextTimes: info.nextActionTimes.map((time) => time.toISOString()),
    recentRuns: info.recentActions.map((result) => toRecentRun(result)).toReversed(),
  };
}

function toSpec({ cron, timeZone, every, offset }: Timing): ScheduleSpec {
  // Temporal keeps only what it makes of a cron expression; the comment brings back what the user wrote.
  if (cron !== undefined) return { cronExpressions: [`${cron}#${cron}`], timezone: timeZone };
  return { intervals: [{ every: parseDuration(every!), offset: parseDuration(offset ?? '0s') }] };
}

function toTiming(spec: ScheduleSpecDescription | undefined): Timing {
  const [calendar] = spec?.calendars ?? [];
  if (calendar) return { cron: calendar.comment ?? '', timeZone: spec?.timezone || 'UTC' };
  const [interval] = spec?.intervals ?? [];
  if (!interval) return {};
  const offset = interval.offset > 0 ? { offset: writeDuration(interval.offset) } : {};
  return { every: writeDuration(interval.every), ...offset };
}

function fromTemporalOverlap(policy: ScheduleOverlapPolicy): OverlapPolicy {
  const ours = policy?.toLowerCase().replaceAll('_', '-');
  return OVERLAP_POLICIES.find((known) => known === ours) ?? DEFAULT_OVERLAP;
}

function toRecentRun({ action, scheduledAt, takenAt }: ScheduleExecutionResult): Schedule['recentRuns'][number] {
  return {
    runId: action.workflow.workflowId,
    scheduledAt: scheduledAt.toISOString(),
    startedAt: takenAt.toISOString(),
  };
}
