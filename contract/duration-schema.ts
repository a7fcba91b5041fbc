import { Type } from '@sinclair/typebox';

import { DURATION_PATTERN } from './units';

const DURATION = {
  pattern: DURATION_PATTERN,
  mend: 'write a duration such as "30s", "5m", "12h" or "1d"',
} as const;

/** A duration without a default. */
export const DurationSchema = (description: string) => Type.String({ ...DURATION, description });

/** A duration that may be left out. */
export const DefaultedDurationSchema = (description: string, fallback: string) =>
  Type.Optional(Type.String({ ...DURATION, default: fallback, description: `${description} Default ${fallback}.` }));
