import type { ClaimIdentity, ClaimInput, PoolSettings, Reservation } from '../../contract/pool';
import type { ChangeHostInput, ReprioritiseInput } from '../../contract/pool-messages';

/** What is wrong with messages that somebody may have sent by hand; null where they can be told to the core. */

export function faultOfIdentity(claim: ClaimIdentity | undefined): string | null {
  if (typeof claim?.runId !== 'string' || claim.runId === '') return 'runId must be the id of a run';
  return isWhole(claim.claim, 0) ? null : 'claim must be a whole number';
}

export function faultOfClaim(input: ClaimInput | undefined): string | null {
  const fault = faultOfIdentity(input);
  if (input === undefined || fault !== null) return fault;
  const { request } = input;
  if (typeof request !== 'object' || request === null) return 'request must say what the run asks for';
  const amounts = [request.cpus, request.memoryBytes, request.gpus, request.limitMs, request.priority];
  if (!amounts.every((amount) => Number.isFinite(amount) && amount >= 0)) {
    return 'cpus, memoryBytes, gpus, limitMs and priority of the request must be numbers of at least 0';
  }
  if (!isWhole(request.nodes, 1)) return 'nodes of the request must be a whole number of at least 1';
  if (!Number.isFinite(Date.parse(request.submittedAt))) return 'submittedAt of the request must be an instant';
  return null;
}

/** What is wrong with settings of a pool; null where nothing is. */
export function faultOfSettings(settings: Partial<PoolSettings> | undefined): string | null {
  if (typeof settings !== 'object' || settings === null) return 'settings must name what is to change';
  const { cpuOvercommit = 1, maxQueued = 0, ageingMs = 0, usageHalfLifeMs = 1, weights = {} } = settings;
  if (!(Number.isFinite(cpuOvercommit) && cpuOvercommit >= 1)) return 'cpuOvercommit must be a number of at least 1';
  if (!isWhole(maxQueued, 0)) return 'maxQueued must be a whole number of at least 0';
  if (!isWhole(ageingMs, 0)) return 'ageingMs must be milliseconds; 0: no ageing';
  if (!isWhole(usageHalfLifeMs, 1)) return 'usageHalfLifeMs must be milliseconds, at least 1';
  const bad = Object.entries(weights).find(([, weight]) => !(Number.isFinite(weight) && weight > 0));
  return bad === undefined ? null : `the weight of ${bad[0]} must be a number above 0`;
}

export function faultOfHostChange(change: ChangeHostInput | undefined): string | null {
  if (typeof change?.host !== 'string') return 'host must be the name of a host';
  const intents = ['none', 'cordoned', 'draining'];
  return intents.includes(change.intent) ? null : `intent must be one of ${intents.join(', ')}`;
}

export function faultOfReprioritise(change: ReprioritiseInput | undefined): string | null {
  if (typeof change?.runId !== 'string') return 'runId must be the id of a run';
  return isWhole(change.priority, 0) && change.priority <= 100 ? null : 'priority must be a whole number from 0 to 100';
}

export function faultOfReservation(reservation: Reservation | undefined): string | null {
  const { id, project, gpus, from, until } = reservation ?? ({} as Partial<Reservation>);
  if (![id, project].every((text) => typeof text === 'string' && text !== '')) return 'id and project must be names';
  if (!isWhole(gpus, 1)) return 'gpus must be a whole number of at least 1';
  return [from, until].every((at) => Number.isFinite(Date.parse(String(at))))
    ? null
    : 'from and until must be instants';
}

function isWhole(value: unknown, least: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= least;
}
