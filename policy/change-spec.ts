import { isSize, startOf, type Change } from '../contract/rule-change';
import type { RunSpec } from '../contract/spec';
import { writeSize } from '../contract/units';

/** What came of a change: the spec with it, or why there is nothing left to change. */
export type Changed = { spec: RunSpec; from: string; to: string } | { stuck: string };

const MIB = 1024 ** 2;

/**
 * Makes a change to a spec. Sizes stay whole MiB, and whole numbers stay whole; both change by one at least. The bound is
 * never passed: the last change goes up to it, and after that there is none.
 */
export function changeSpec(spec: RunSpec, change: Change): Changed {
  const { target, name, path } = change;
  const start = startOf(change, spec);
  if (typeof start !== 'number') return { stuck: `\`${path}\` is no number that could be changed` };
  const from = isSize(target) ? spec.resources[target] : String(start);
  const next = isSize(target) ? nextNumber(change, start / MIB, change.bound / MIB) * MIB : nextFor(change, start);
  const isFurther = change.direction === 'up' ? next > start : next < start;
  if (!isFurther) return { stuck: `\`${path}\` is ${from} and may not go further (${boundOf(change)})` };
  if (isSize(target)) {
    const to = writeSize(next);
    return { spec: { ...spec, resources: { ...spec.resources, [target]: to } }, from, to };
  }
  const value = target === 'env' ? String(next) : next;
  return { spec: { ...spec, [target]: { ...spec[target], [name]: value } }, from, to: String(next) };
}

function nextFor(change: Change, start: number): number {
  return Number.isInteger(start) ? nextNumber(change, start, change.bound) : nextFraction(change, start);
}

/** In whole numbers, where the bound is the last whole number before it. */
function nextNumber({ direction, factor }: Change, start: number, bound: number): number {
  return direction === 'up'
    ? Math.min(Math.floor(bound), Math.max(Math.round(start * factor), Math.floor(start) + 1))
    : Math.max(Math.ceil(bound), Math.min(Math.floor(start / factor), Math.ceil(start) - 1));
}

/** Digits that are left are those that people write; the rest is noise of the machine. */
const DIGITS = 12;

function nextFraction({ direction, factor, bound }: Change, start: number): number {
  return direction === 'up'
    ? Math.min(bound, Number((start * factor).toPrecision(DIGITS)))
    : Math.max(bound, Number((start / factor).toPrecision(DIGITS)));
}

function boundOf({ target, direction, bound }: Change): string {
  const field = direction === 'up' ? 'upTo' : 'downTo';
  return `${field}: ${isSize(target) ? writeBound(bound) : bound}`;
}

/** A bound need not be whole MiB. */
function writeBound(bytes: number): string {
  return bytes % MIB === 0 ? writeSize(bytes) : `${bytes}b`;
}
