import type { Fault } from '../contract/fault';
import type { NotifyTarget } from '../contract/spec';
import { urlProblem } from '../contract/validate-notify';
import { hostOf, type AddressRules } from './addresses';
import { SecretError, type Secrets } from './secrets';

/**
 * Faults of targets that can be told from the settings alone: addresses that stand there in figures, and names of this
 * machine. A name that resolves to a private address is refused when it is connected to.
 */
export function closedTargets(targets: readonly NotifyTarget[], rules: AddressRules): Fault[] {
  return targets.flatMap(({ url }, index): Fault[] => {
    const host = url === undefined ? '' : hostOf(new URL(url).hostname);
    if (url === undefined || !rules.isClosed(host)) return [];
    return [{ path: `notify[${index}].url`, message: `"${host}" ${IS_CLOSED}` }];
  });
}

/** All that a server can say of targets before it sends anything: their addresses, and whether it has their secrets. */
export function createTargetCheck(deps: { rules: AddressRules; secrets: Secrets }) {
  return async (targets: readonly NotifyTarget[]): Promise<Fault[]> => {
    const ofSecrets = await Promise.all(targets.map((target, index) => secretFaults(deps, target, `notify[${index}]`)));
    return [...closedTargets(targets, deps.rules), ...ofSecrets.flat()];
  };
}

export type TargetCheck = ReturnType<typeof createTargetCheck>;

/** The end of a sentence that begins with a host, or with what stands for it. */
export const IS_CLOSED =
  'is no address of the public internet; the operator of the server can allow it in notify.allowedPrivate (TRAINYARD_NOTIFY_ALLOW_PRIVATE)';

/** What is wrong with an address from a secret, without any of it. */
export function secretUrlProblem(text: string, rules: AddressRules): string | undefined {
  return urlProblem(text) ?? (rules.isClosed(hostOf(new URL(text).hostname)) ? IS_CLOSED : undefined);
}

async function secretFaults(
  { rules, secrets }: { rules: AddressRules; secrets: Secrets },
  { secret, urlSecret }: NotifyTarget,
  path: string,
): Promise<Fault[]> {
  const ofKey = await problemOf(secrets, secret, () => undefined);
  const ofUrl = await problemOf(secrets, urlSecret, (text) => secretUrlProblem(text, rules));
  return [
    ...(ofKey === undefined ? [] : [{ path: `${path}.secret`, message: ofKey }]),
    ...(ofUrl === undefined ? [] : [{ path: `${path}.urlSecret`, message: ofUrl }]),
  ];
}

async function problemOf(
  secrets: Secrets,
  name: string | undefined,
  check: (value: string) => string | undefined,
): Promise<string | undefined> {
  if (name === undefined) return undefined;
  try {
    const problem = check(await secrets.read(name));
    return problem === undefined ? undefined : `what the secret ${name} holds ${problem}`;
  } catch (error) {
    if (error instanceof SecretError) return error.message;
    throw error;
  }
}
