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
