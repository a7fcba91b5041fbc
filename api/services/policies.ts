import { type Fault, InvalidInputError } from '../../contract/fault';
import { isObject } from '../../contract/merge';
import { type NamedPolicy, type NamedPolicyInput, NamedPolicyInputSchema } from '../../contract/named-policy';
import { nearest } from '../../contract/nearest';
import { POLICY_NAME_PATTERN } from '../../contract/policy-reference';
import { faultsOfNamedPolicy } from '../../contract/validate-named-policy';
import { type KeptPolicy, PolicyInFileError } from '../../store/policy-store';
import { ProblemError } from '../problem-error';
import type { Services } from './services';

const EMPTY: Fault = { path: '', message: 'must be an object with `description` and `policy`; see /docs' };

/** @throws {InvalidInputError} with every fault; {@link ProblemError} `kept-in-file`. */
export async function putPolicy({ policies }: Services, name: string, body: unknown): Promise<KeptPolicy> {
  if (!isObject(body)) throw new InvalidInputError([EMPTY], 'The policy');
  const faults = [...nameFaults(name, body['name']), ...faultsOfNamedPolicy(NamedPolicyInputSchema, body)];
  if (faults.length > 0) throw new InvalidInputError(faults, 'The policy');
  const { description, policy } = body as NamedPolicyInput;
  return policies.put({ name, description, policy }).catch(refuseInFile);
}

/**
 * @param version null for the newest.
 * @throws {ProblemError} `not-found`.
 */
export async function lookAtPolicy(services: Services, name: string, version: number | null): Promise<NamedPolicy> {
  const found = await services.policies.find(name, version);
  if (found !== null && (version !== null || found.deletedAt === null)) return found;
  const newest = found ?? (await services.policies.find(name, null));
  if (newest === null) throw await policyNotFound(services, name);
  const detail =
    version === null
      ? `The policy "${name}" was deleted on ${newest.deletedAt}; its versions can still be read, by their numbers from 1 to ${newest.version}.`
      : `The policy "${name}" has no version ${version}; its newest is ${newest.version}.`;
  throw new ProblemError('not-found', detail);
}

export async function versionsOfPolicy(services: Services, name: string): Promise<NamedPolicy[]> {
  const versions = await services.policies.versions(name);
  if (versions.length === 0) throw await policyNotFound(services, name);
  return versions;
}

/** @throws {ProblemError} `not-found`, `kept-in-file`. */
export async function deletePolicy(services: Services, name: string): Promise<void> {
  if (await services.policies.delete(name).catch(refuseInFile)) return;
  throw await policyNotFound(services, name);
}

function nameFaults(name: string, inBody: unknown): Fault[] {
  if (!new RegExp(POLICY_NAME_PATTERN).test(name)) {
    const message = `"${name}" cannot be the name of a policy; write 1 to 63 lower-case letters, digits and dashes, the first a letter or digit`;
    return [{ path: '', message }];
  }
  if (typeof inBody !== 'string' || inBody === name) return [];
  return [{ path: 'name', message: `must be the one of the path, "${name}", or be left out; got "${inBody}"` }];
}

function refuseInFile(error: unknown): never {
  if (!(error instanceof PolicyInFileError)) throw error;
  const detail = `The policy "${error.policy}" is kept in the file ${error.file} of the server; change it there and start the server again, or choose another name.`;
  throw new ProblemError('kept-in-file', detail, { cause: error });
}

async function policyNotFound({ policies }: Services, name: string): Promise<ProblemError> {
  const meant = nearest(
    name,
    (await policies.list()).map((policy) => policy.name),
  );
  const help = meant === undefined ? 'GET /v1/policies lists them.' : `did you mean "${meant}"?`;
  return new ProblemError('not-found', `There is no policy "${name}"; ${help}`);
}
