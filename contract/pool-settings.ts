import { Type, type Static, type TSchema } from '@sinclair/typebox';

import { DurationSchema } from './duration-schema';
import type { Fault } from './fault';
import { checkPlainJson } from './plain-json';
import type { PoolSettings } from './pool';
import type { SettingsChange } from './settings-change';
import { parseDuration, writeDuration } from './units';
import { checkShape } from './validate-shape';

/** Settings of a pool as people write them: times are durations. A change names what shall differ; null takes away. */

const closed = { additionalProperties: false } as const;

const NAME_PATTERN = '^[a-z0-9][a-z0-9-]{0,62}$';
const PROJECT_PATTERN = `${NAME_PATTERN}|^\\*$`;
const OWNER_PATTERN = '^[A-Za-z0-9][A-Za-z0-9._@-]{0,99}$|^\\*$';

const OVERCOMMIT = {
  minimum: 1,
  maximum: 100,
  description:
    'CPUs that are given out for each that a host has. Memory and GPUs are never given out twice. Default 1.',
  mend: 'write a number from 1 to 100',
};
const MOST_QUEUED = {
  minimum: 1,
  maximum: 100_000,
  description: 'Runs that may wait; beyond it a submission is answered 429. Default 2000.',
  mend: 'write a whole number from 1 to 100000',
};
const AGEING = 'A run that waits gains one point of priority each time this long has passed; `0s`: none. Default 10m.';
const LEAST_HALF_LIFE_MS = 1_000;
const HALF_LIFE = 'What a project has used counts half after this long. Default 1d.';
const PREEMPTION = {
  description: 'Whether runs of higher priority may end preemptible ones. Default true.',
  mend: 'write true or false',
};
const Fallback = () =>
  Type.Unsafe<PoolSettings['fallback']>(
    Type.String({
      enum: ['none', 'process'],
      description:
        'What is done with runs while no engine can take them and the engine of a host that allows local processes (host.fallback) stays away: none: they wait; process: they run there without image and container. Default none.',
    }),
  );
const WEIGHTS = 'Share of each project, relative to the others; 1 where it is not named.';
const WEIGHT = { exclusiveMinimum: 0, maximum: 1_000, mend: 'write a number above 0, at most 1000' };

const LIMITS = {
  gpus: { description: 'GPUs held at once.', mend: 'write a whole number from 0 to 1000000' },
  runs: { description: 'Runs that hold a place at once.', mend: 'write a whole number from 0 to 1000000' },
  queued: {
    description: 'Runs that may wait; beyond it a submission is answered 429, and 403 where it is 0.',
    mend: 'write a whole number from 0 to 1000000',
  },
} as const;
const CPUS = { minimum: 0, maximum: 1_000_000, description: 'CPUs held at once.', mend: 'write a number from 0' };

const Count = (options: object) => Type.Integer({ minimum: 0, maximum: 1_000_000, ...options });

const QuotaSchema = Type.Object(
  {
    gpus: Type.Optional(Count(LIMITS.gpus)),
    cpus: Type.Optional(Type.Number(CPUS)),
    runs: Type.Optional(Count(LIMITS.runs)),
    queued: Type.Optional(Count(LIMITS.queued)),
  },
  {
    ...closed,
    title: 'Quota',
    description: 'The most at once; absent: no limit.',
    mend: 'write limits such as {"gpus": 8, "runs": 20}',
  },
);

const OWNERS = 'Of one owner, over all projects. `*`: of everybody who is not named, each.';
const PROJECTS = 'Of one project. `*`: of every one that is not named.';

export const PoolSettingsSchema = Type.Object(
  {
    cpuOvercommit: Type.Number(OVERCOMMIT),
    maxQueued: Type.Integer(MOST_QUEUED),
    ageing: DurationSchema(AGEING),
    preemption: Type.Boolean(PREEMPTION),
    fallback: Fallback(),
    weights: Type.Record(Type.String(), Type.Number(), { description: WEIGHTS }),
    usageHalfLife: DurationSchema(HALF_LIFE),
    projectQuotas: Type.Record(Type.String(), QuotaSchema, { description: PROJECTS }),
    ownerQuotas: Type.Record(Type.String(), QuotaSchema, { description: OWNERS }),
  },
  { title: 'PoolSettings' },
);

const OrNull = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()], { mend: schema['mend'] as unknown });

const QuotaChangeSchema = Type.Object(
  {
    gpus: Type.Optional(OrNull(Count(LIMITS.gpus))),
    cpus: Type.Optional(OrNull(Type.Number(CPUS))),
    runs: Type.Optional(OrNull(Count(LIMITS.runs))),
    queued: Type.Optional(OrNull(Count(LIMITS.queued))),
  },
  { ...closed, mend: 'write limits such as {"gpus": 8, "runs": 20}, or null to have none' },
);

const Named = <T extends TSchema>(pattern: string, value: T, description: string) =>
  Type.Record(Type.String({ pattern }), Type.Union([value, Type.Null()], { mend: value['mend'] as unknown }), {
    ...closed,
    description: `${description} Null takes one away; the others stay.`,
    mend: 'write names as runs have them',
  });

export const PoolChangeSchema = Type.Object(
  {
    cpuOvercommit: Type.Optional(Type.Number(OVERCOMMIT)),
    maxQueued: Type.Optional(Type.Integer(MOST_QUEUED)),
    ageing: Type.Optional(DurationSchema(AGEING)),
    preemption: Type.Optional(Type.Boolean(PREEMPTION)),
    fallback: Type.Optional(Fallback()),
    weights: Type.Optional(Named(NAME_PATTERN, Type.Number(WEIGHT), WEIGHTS)),
    usageHalfLife: Type.Optional(DurationSchema(HALF_LIFE)),
    projectQuotas: Type.Optional(Named(PROJECT_PATTERN, QuotaChangeSchema, PROJECTS)),
    ownerQuotas: Type.Optional(Named(OWNER_PATTERN, QuotaChangeSchema, OWNERS)),
    by: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 100,
        description: 'Who changes it.',
        mend: 'write at most 100 characters',
      }),
    ),
  },
  {
    ...closed,
    title: 'PoolChange',
    examples: [
      {
        ageing: '5m',
        weights: { vision: 3 },
        projectQuotas: { vision: { gpus: 8 } },
        ownerQuotas: { '*': { runs: 4 } },
      },
    ],
  },
);

const MILLISECONDS = {
  ageingMs: Type.Integer({
    minimum: 0,
    maximum: Number.MAX_SAFE_INTEGER,
    mend: 'write whole milliseconds such as 600000, or 0 for no ageing',
  }),
  usageHalfLifeMs: Type.Integer({
    minimum: LEAST_HALF_LIFE_MS,
    maximum: Number.MAX_SAFE_INTEGER,
    mend: `write whole milliseconds from ${LEAST_HALF_LIFE_MS}`,
  }),
};

const { cpuOvercommit, maxQueued, preemption, fallback, weights, projectQuotas, ownerQuotas } =
  PoolChangeSchema.properties;

/** A change in the words of the pool. */
export const SettingsChangeSchema = Type.Partial(
  Type.Object({ cpuOvercommit, maxQueued, preemption, fallback, weights, projectQuotas, ownerQuotas, ...MILLISECONDS }),
  { ...closed, mend: 'write settings such as {"maxQueued": 500}' },
);

const Whole = <T extends TSchema>(pattern: string, value: T) =>
  Type.Record(Type.String({ pattern }), value, { ...closed, mend: 'write names as runs have them' });

/** Settings as a pool keeps them, all or some; a map as a whole. */
export const KeptSettingsSchema = Type.Partial(
  Type.Object({
    ...SettingsChangeSchema.properties,
    weights: Whole(NAME_PATTERN, Type.Number(WEIGHT)),
    projectQuotas: Whole(PROJECT_PATTERN, QuotaSchema),
    ownerQuotas: Whole(OWNER_PATTERN, QuotaSchema),
  }),
  { ...closed, mend: 'write settings such as {"maxQueued": 500}' },
);

export type WrittenPoolSettings = Static<typeof PoolSettingsSchema>;
export type PoolChange = Static<typeof PoolChangeSchema>;

const INPUT_LIMITS = { bytes: 256 * 1024, depth: 8 };
const EMPTY: Fault = { path: '', message: 'names nothing to change; write a setting such as {"ageing": "5m"}' };

/** Every fault of a change of a pool; never throws. */
export function checkPoolChange(input: unknown): { change: PoolChange; faults?: undefined } | { faults: Fault[] } {
  const unsafe = checkPlainJson(input, INPUT_LIMITS);
  if (unsafe.length > 0) return { faults: unsafe };
  const faults = checkShape(PoolChangeSchema, input);
  if (faults.length > 0) return { faults };
  const change = input as PoolChange;
  if (change.usageHalfLife !== undefined && parseDuration(change.usageHalfLife) < LEAST_HALF_LIFE_MS) {
    return { faults: [{ path: 'usageHalfLife', message: 'must be at least 1s' }] };
  }
  const named = Object.keys(change).filter((key) => key !== 'by');
  return named.length === 0 ? { faults: [EMPTY] } : { change };
}

export function writePoolSettings({ ageingMs, usageHalfLifeMs, ...same }: PoolSettings): WrittenPoolSettings {
  return { ...same, ageing: writeDuration(ageingMs), usageHalfLife: writeDuration(usageHalfLifeMs) };
}

/** The same change in the words of the pool. */
export function settingsChangeOf({ ageing, usageHalfLife, by: _by, ...same }: PoolChange): SettingsChange {
  return {
    ...(same as SettingsChange),
    ...(ageing !== undefined && { ageingMs: parseDuration(ageing) }),
    ...(usageHalfLife !== undefined && { usageHalfLifeMs: parseDuration(usageHalfLife) }),
  };
}
