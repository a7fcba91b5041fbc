import type { PolicyReference } from './policy-reference';
import type { PolicyFields } from './spec-policy';

/** One version of a named policy, as far as a run needs it. */
export interface PolicyVersion {
  name: string;
  version: number;
  policy: PolicyFields;
}

/**
 * The named policies that a submission may refer to. A check of a submission is pure, so whoever makes one reads what it
 * may need beforehand.
 */
export interface PolicyBook {
  get(reference: PolicyReference): PolicyVersion | undefined;
  /** Names that may be used, to tell what there is instead of an unknown one. */
  names(): readonly string[];
  /** Number of the newest version; undefined where there is no such policy. */
  newest(name: string): number | undefined;
}

/** The newest version of a name is that with the highest number. */
export function policyBook(versions: readonly PolicyVersion[]): PolicyBook {
  const newest = new Map<string, number>();
  for (const { name, version } of versions) newest.set(name, Math.max(version, newest.get(name) ?? 0));
  return {
    get: ({ name, version }) => {
      const wanted = version ?? newest.get(name);
      return versions.find((one) => one.name === name && one.version === wanted);
    },
    names: () => [...newest.keys()],
    newest: (name) => newest.get(name),
  };
}

export const NO_POLICIES: PolicyBook = policyBook([]);
