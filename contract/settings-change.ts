import { isObject, mergeDeep } from './merge';
import type { PoolSettings, Quota } from './pool';

type Plain = Omit<PoolSettings, 'weights' | 'projectQuotas' | 'ownerQuotas'>;

/** A change within the settings of a pool: entries of maps are merged into those there are, and null takes one away. */
export interface SettingsChange extends Partial<Plain> {
  weights?: Record<string, number | null>;
  projectQuotas?: Record<string, QuotaChange | null>;
  ownerQuotas?: Record<string, QuotaChange | null>;
}

export type QuotaChange = { [limit in keyof Quota]?: number | null };

/** The settings that a change names, as they are with it. */
export function changeSettings(before: PoolSettings, change: SettingsChange): Partial<PoolSettings> {
  const { weights, projectQuotas, ownerQuotas, ...plain } = change;
  return {
    ...plain,
    ...(weights !== undefined && { weights: merged(before.weights, weights) }),
    ...(projectQuotas !== undefined && { projectQuotas: mergedQuotas(before.projectQuotas, projectQuotas) }),
    ...(ownerQuotas !== undefined && { ownerQuotas: mergedQuotas(before.ownerQuotas, ownerQuotas) }),
  };
}

function mergedQuotas(before: Record<string, Quota>, change: object): Record<string, Quota> {
  const quotas: Record<string, Quota> = merged(before, change);
  return Object.fromEntries(Object.entries(quotas).filter(([, quota]) => Object.keys(quota).length > 0));
}

function merged<T>(before: Record<string, T>, change: object): Record<string, T> {
  return withoutNull(mergeDeep(before, change)) as Record<string, T>;
}

function withoutNull(map: Record<string, unknown>): Record<string, unknown> {
  const kept = Object.entries(map).filter(([, value]) => value !== null);
  return Object.fromEntries(kept.map(([key, value]) => [key, isObject(value) ? withoutNull(value) : value]));
}
