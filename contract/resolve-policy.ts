import { describeValue } from './describe-value';
import type { Fault } from './fault';
import { isObject, mergeDeep } from './merge';
import { nearest } from './nearest';
import type { PolicyBook, PolicyVersion } from './policy-book';
import { parsePolicyReference, writePolicyReference, type PolicyReference } from './policy-reference';
import { PolicyFieldsSchema } from './spec-policy';
import { checkShape } from './validate-shape';

/** A policy in which no name is left. */
export interface ResolvedPolicy {
  policy: unknown;
  /** Version of the named policy that is in it; null where there is none. */
  from: string | null;
  faults: Fault[];
}

/**
 * The policy of a submission with the named one that it refers to below its own fields. What is not written as a reference
 * is left for the check of its shape.
 *
 * @param policies null where names are not known at all, as in the spec of a run.
 */
export function resolvePolicy(written: unknown, policies: PolicyBook | null): ResolvedPolicy {
  const { text, path, own } = readPolicy(written);
  if (text === undefined) return { policy: written, from: null, faults: [] };
  const refused = (message: string, at = path): ResolvedPolicy => ({
    policy: own,
    from: null,
    faults: [{ path: at, message }],
  });
  const reference = parsePolicyReference(text);
  if (reference === null) return refused(`must be the name of a policy; got ${describeValue(text)}; ${NAME_MEND}`);
  if (policies === null) return refused(NO_NAMES);
  const named = policies.get(reference);
  if (named === undefined) return refused(unknownPolicy(reference, policies));
  if ('from' in own) return refused('is not for people, and `use` says it; leave it out', 'policy.from');
  const stale = staleness(named);
  if (stale !== undefined) return refused(stale);
  const from = writePolicyReference(named);
  return { policy: { ...mergeDeep(named.policy, own), from }, from, faults: [] };
}

/** A policy as an object; a name becomes its `use`. */
export function policyAsObject(written: unknown): unknown {
  return typeof written === 'string' ? { use: written } : written;
}

const NAME_MEND = 'write one such as "patient", or a version of it such as "patient@3"';
const NO_NAMES = 'names a policy, which only a submission can; write the `timeouts` and `retries` here';

/** The name in a policy, where it stands, and what is written over it. */
function readPolicy(written: unknown): { text?: string; path: string; own: object } {
  if (typeof written === 'string') return { text: written, path: 'policy', own: {} };
  if (!isObject(written) || typeof written['use'] !== 'string') return { path: 'policy', own: {} };
  const { use, ...own } = written;
  return { text: use as string, path: 'policy.use', own };
}

function unknownPolicy({ name, version }: PolicyReference, policies: PolicyBook): string {
  const newest = policies.newest(name);
  if (newest !== undefined) {
    const versions = newest === 1 ? 'its only version is 1' : `its versions are 1 to ${newest}`;
    return `there is no version ${version} of the policy "${name}"; ${versions}`;
  }
  const known = policies.names();
  const meant = nearest(name, known);
  const list = known.length === 0 ? 'the server has none' : `known are ${known.map(describeValue).join(', ')}`;
  return `there is no policy "${name}"; ${meant === undefined ? list : `did you mean "${meant}"?`}`;
}

/** A policy that was kept by an earlier Trainyard may have what this one does not take. */
function staleness(named: PolicyVersion): string | undefined {
  const [fault] = checkShape(PolicyFieldsSchema, named.policy);
  if (fault === undefined) return undefined;
  return `the policy ${writePolicyReference(named)} has what this server does not take: ${fault.path} ${fault.message}; put a new version of it`;
}
