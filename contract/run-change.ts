import { Type, type Static } from '@sinclair/typebox';

import { describeValue } from './describe-value';
import { DurationSchema } from './duration-schema';
import type { Fault } from './fault';
import { refusalOf } from './not-yet';
import { checkPlainJson } from './plain-json';
import { RunSubmissionSchema, type RunSpec } from './spec';
import { WarnSignalSchema, type Timeouts } from './spec-policy';
import { checkShape } from './validate-shape';
import { fitTimeouts } from './validate-timeouts';

/** What can be changed of a run that goes on: the body of `PATCH /v1/runs/{id}`, and the update `changeRun` of its workflow. */

const closed = { additionalProperties: false } as const;

const Time = (description: string) => Type.Optional(DurationSchema(description));
const TimeOrOff = (description: string) =>
  Type.Optional(
    Type.Union([DurationSchema(description), Type.Null()], {
      description: `${description} Null: off.`,
      mend: 'write a duration such as "30s", "5m" or "12h", or null to have none',
    }),
  );

const TimeoutChangesSchema = Type.Object(
  {
    queued: Time('The wait for a host, also one that is going on.'),
    running: Time('One attempt, also the one that is under way; more than it has run.'),
    silence: TimeOrOff('A container that writes no line and no checkpoint.'),
    total: Time('The run in all; more than has passed.'),
    grace: Time('Between SIGTERM and SIGKILL.'),
    warn: TimeOrOff('How long before the end of `running` or `total` the program is warned.'),
    warnSignal: Type.Optional(WarnSignalSchema),
  },
  closed,
);

const labels = RunSubmissionSchema.properties.labels;

export const RunChangeSchema = Type.Object(
  {
    policy: Type.Optional(Type.Object({ timeouts: Type.Optional(TimeoutChangesSchema) }, closed)),
    labels: Type.Optional(
      Type.Record(
        Type.String({ pattern: Object.keys(labels.patternProperties)[0]! }),
        Type.Union([Type.String({ maxLength: 255 }), Type.Null()]),
        { ...closed, description: 'Labels to set; null takes one away. The others stay.', mend: labels['mend'] },
      ),
    ),
    priority: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 100,
        description: 'Of a run that waits, or that runs and is then easier or harder to preempt.',
        mend: 'write a whole number from 0 to 100',
      }),
    ),
    by: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 100,
        description: "Who changes it; shown in the run's events.",
        mend: 'write a name of at most 100 characters',
      }),
    ),
  },
  {
    ...closed,
    title: 'RunChange',
    examples: [
      { policy: { timeouts: { running: '20h', total: '40h' } }, labels: { team: 'vision' }, priority: 80, by: 'ada' },
    ],
  },
);

export type RunChange = Static<typeof RunChangeSchema>;

const LIMITS = { bytes: 64 * 1024, depth: 8 };
const EMPTY: Fault = { path: '', message: 'names nothing to change; write `policy.timeouts`, `labels` or `priority`' };

/** Every fault of a change that can be told without its run; never throws. */
export function checkRunChange(input: unknown): { change: RunChange; faults?: undefined } | { faults: Fault[] } {
  const unsafe = checkPlainJson(input, LIMITS);
  if (unsafe.length > 0) return { faults: unsafe };
  const faults = checkShape(RunChangeSchema, input, { instead: whyFixed });
  if (faults.length > 0) return { faults };
  const change = input as RunChange;
  const named = [...Object.keys(change.policy?.timeouts ?? {}), ...Object.keys(change.labels ?? {})];
  return named.length === 0 && change.priority === undefined ? { faults: [EMPTY] } : { change };
}

/**
 * The spec as a change makes it, without regard to how much time has passed. Times that are named must fit each other and
 * the rest; those that are not, give way to a shorter total.
 */
export function applyRunChange(
  spec: RunSpec,
  { policy, labels = {}, priority }: RunChange,
): { spec: RunSpec; faults: Fault[] } {
  const named = policy?.timeouts ?? {};
  const merged = withoutNull<Timeouts>({ ...spec.policy.timeouts, ...named });
  if (merged.warn === undefined && named.warnSignal === undefined) delete merged.warnSignal;
  // The total stays where it is not named: whoever set it did so before the run began.
  const { timeouts, faults } = fitTimeouts(merged, { ...named, total: merged.total });
  const changed = { policy: { ...spec.policy, timeouts }, labels: withoutNull({ ...spec.labels, ...labels }) };
  return { spec: { ...spec, ...changed, ...(priority !== undefined && { priority }) }, faults };
}

function withoutNull<T extends object>(fields: { [K in keyof T]: T[K] | null }): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null)) as T;
}

/** Times that are given to the host with the call that they are for. */
const GIVEN_TO_THE_HOST = ['pull', 'pullSilence', 'start', 'unreachable'].map((name) => `policy.timeouts.${name}`);

/** Why a field of a run spec cannot be changed; undefined for what can, and for what no spec has. */
function whyFixed(path: string, value: unknown): string | undefined {
  const again = 'submit the run again to have another';
  if (GIVEN_TO_THE_HOST.includes(path)) {
    return `cannot be changed: the host was given it with the call that it limits; ${again}`;
  }
  if (path === 'policy.retries') return `cannot be changed: all attempts are judged by the same rules; ${again}`;
  if (path === 'policy' && typeof value === 'string') {
    return `cannot be ${describeValue(value)}: a run keeps the policy that it began with; write the \`timeouts\` here`;
  }
  if (path === 'labels' || path === 'priority') return undefined;
  const isOfSpec = Object.hasOwn(RunSubmissionSchema.properties, path) && path !== 'policy';
  return isOfSpec ? `cannot be changed: it stays as it was submitted; ${again}` : refusalOf(path);
}
