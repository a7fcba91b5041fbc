import type { RecipeBook } from './recipe';

/** The policies that a server keeps under names, and how a run spec refers to one of them. */

const NAME = '[a-z0-9][a-z0-9-]{0,62}';
const VERSION = '@[1-9][0-9]{0,8}';

export const POLICY_NAME_PATTERN = `^${NAME}$`;
/** Of a policy, or of one version of it. */
export const POLICY_REFERENCE_PATTERN = `^${NAME}(?:${VERSION})?$`;
/** Of one version. */
export const POLICY_VERSION_PATTERN = `^${NAME}${VERSION}$`;

/** `patient`, the newest version of it, or `patient@3`. */
export interface PolicyReference {
  name: string;
  /** Null for the newest. */
  version: number | null;
}

/** Null where the text is no reference. */
export function parsePolicyReference(text: string): PolicyReference | null {
  if (!new RegExp(POLICY_REFERENCE_PATTERN).test(text)) return null;
  const [name = '', version] = text.split('@');
  return { name, version: version === undefined ? null : Number(version) };
}

export function writePolicyReference({ name, version }: PolicyReference): string {
  return version === null ? name : `${name}@${version}`;
}

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
