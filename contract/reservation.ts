import { Type, type Static } from '@sinclair/typebox';

import { DurationSchema } from './duration-schema';
import type { Fault } from './fault';
import { DEFAULT_POOL } from './names';
import { checkPlainJson } from './plain-json';
import { capacityProperties } from './spec-capacity';
import { parseDuration } from './units';
import { checkShape } from './validate-shape';

/** What somebody writes to keep GPUs of a pool for a project. */

const INSTANT = '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}(:\\d{2}(\\.\\d{1,9})?)?(Z|[+-]\\d{2}:\\d{2})$';
const mend = 'write a time such as "2026-11-24T18:00:00Z"';

export const ReservationInputSchema = Type.Object(
  {
    pool: capacityProperties.pool,
    project: Type.String({
      pattern: '^[a-z0-9][a-z0-9-]{0,62}$',
      description: 'Project whose runs alone are given them.',
      mend: 'write the name of a project, as its runs have it',
    }),
    gpus: Type.Integer({ minimum: 1, maximum: 1_000_000, mend: 'write a whole number from 1' }),
    gpuModel: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 100,
        description: "Part of the model's name; case does not matter. Default: any.",
        mend: 'write a part of the model as `trainyard hosts` shows it, such as "H100"',
      }),
    ),
    from: Type.Optional(Type.String({ pattern: INSTANT, description: 'From when on. Default: now.', mend })),
    for: Type.Optional(DurationSchema('For how long. Either this or `until`.')),
    until: Type.Optional(Type.String({ pattern: INSTANT, description: 'Until when.', mend })),
    by: Type.Optional(
      Type.String({ minLength: 1, maxLength: 100, description: 'Who makes it.', mend: 'write at most 100 characters' }),
    ),
  },
  {
    additionalProperties: false,
    title: 'ReservationInput',
    examples: [{ project: 'vision', gpus: 4, gpuModel: 'H100', from: '2026-11-24T18:00:00Z', for: '12h' }],
  },
);

export type ReservationInput = Static<typeof ReservationInputSchema>;

/** A reservation with its times filled in, but for its id. */
export interface ReservationTerms {
  pool: string;
  project: string;
  gpus: number;
  gpuModel: string | null;
  /** ISO. */
  from: string;
  until: string;
}

const INPUT_LIMITS = { bytes: 16 * 1024, depth: 4 };

/** Every fault of a reservation that can be told without its pool; never throws. */
export function checkReservation(
  input: unknown,
  nowMs: number,
): { terms: ReservationTerms; by: string | undefined; faults?: undefined } | { faults: Fault[] } {
  const unsafe = checkPlainJson(input, INPUT_LIMITS);
  if (unsafe.length > 0) return { faults: unsafe };
  const faults = checkShape(ReservationInputSchema, input);
  if (faults.length > 0) return { faults };
  const { pool = DEFAULT_POOL, project, gpus, gpuModel = null, by, ...times } = input as ReservationInput;
  const read = readTimes(times, nowMs);
  if ('faults' in read) return read;
  return { terms: { pool, project, gpus, gpuModel, ...read }, by };
}

type Times = Pick<ReservationInput, 'from' | 'for' | 'until'>;

function readTimes({ from, for: duration, until }: Times, nowMs: number): Span | { faults: Fault[] } {
  if ((duration === undefined) === (until === undefined)) {
    return { faults: [{ path: '', message: 'write exactly one of `for` and `until`' }] };
  }
  const fromMs = from === undefined ? nowMs : Date.parse(from);
  const untilMs = until === undefined ? fromMs + parseDuration(duration!) : Date.parse(until);
  const faults: Fault[] = [];
  if (Number.isNaN(fromMs)) faults.push({ path: 'from', message: `there is no such time; got "${from}"; ${mend}` });
  if (Number.isNaN(untilMs) && until !== undefined) {
    faults.push({ path: 'until', message: `there is no such time; got "${until}"; ${mend}` });
  }
  if (faults.length > 0) return { faults };
  const field = until === undefined ? 'for' : 'until';
  if (untilMs <= fromMs) return { faults: [{ path: field, message: 'must end after it begins' }] };
  if (untilMs <= nowMs) return { faults: [{ path: field, message: 'must end after now' }] };
  if (untilMs > LATEST_MS) return { faults: [{ path: field, message: 'must end before the year 10000' }] };
  return { from: new Date(fromMs).toISOString(), until: new Date(untilMs).toISOString() };
}

interface Span {
  from: string;
  until: string;
}

const LATEST_MS = Date.UTC(9999, 11, 31);
