import { parsePolicyReference, type PolicyReference } from './policy-reference';
import type { RecipeBook } from './recipe';

/**
 * The named policy that a submission, or the recipe that it is made from, refers to; null where there is none, or where it
 * is not written as one. Takes whatever can be parsed from JSON or YAML.
 */
export function policyOf(submission: unknown, recipes: RecipeBook): PolicyReference | null {
  const written = fieldOf(submission, 'policy');
  const recipe = fieldOf(submission, 'recipe');
  const spec = typeof recipe === 'string' ? recipes.get(recipe)?.spec : undefined;
  const text = textOf(written) ?? (isPlain(written) ? textOf(spec?.policy) : undefined);
  return text === undefined ? null : parsePolicyReference(text);
}

/** The submission with a version in place of the name of its policy, so that what was checked is what runs. */
export function pinPolicy<T extends { policy?: unknown }>(submission: T, pinned: string): T {
  const { policy } = submission;
  return { ...submission, policy: typeof policy === 'string' ? pinned : { ...(policy as object), use: pinned } };
}

/** What a `policy` says of the name: itself where it is one, or its `use`. */
function textOf(policy: unknown): string | undefined {
  const text = typeof policy === 'string' ? policy : fieldOf(policy, 'use');
  return typeof text === 'string' ? text : undefined;
}

function isPlain(policy: unknown): boolean {
  return policy === undefined || (typeof policy === 'object' && policy !== null && !Array.isArray(policy));
}

function fieldOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined;
}
