import { describeFault } from '../../contract/fault';
import type { ClaimIdentity, ClaimInput, Reservation } from '../../contract/pool';
import type {
  ChangeHostInput,
  ChangeLimitInput,
  ConfigureInput,
  ReprioritiseInput,
} from '../../contract/pool-messages';
import { KeptSettingsSchema, SettingsChangeSchema } from '../../contract/pool-settings';
import { checkShape } from '../../contract/validate-shape';

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

/** Every fault of a change of settings, with the field and the mend. */
export function faultOfConfigure(input: ConfigureInput | undefined): string | null {
  const parts = { settings: KeptSettingsSchema, change: SettingsChangeSchema };
  const given = Object.entries(parts).filter(([part]) => (input?.[part as keyof typeof parts] ?? null) !== null);
  if (given.length === 0) {
    return 'settings or change must name what is to change, such as {"change": {"maxQueued": 500}}';
  }
  const faults = given.flatMap(([part, schema]) =>
    checkShape(schema, input![part as keyof typeof parts]).map(({ path, message }) => ({
      path: path === '' ? part : `${part}.${path}`,
      message,
    })),
  );
  return faults.length === 0 ? null : faults.map(describeFault).join('; ');
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

export function faultOfLimit(change: ChangeLimitInput | undefined): string | null {
  if (typeof change?.runId !== 'string') return 'runId must be the id of a run';
  return Number.isFinite(change.limitMs) && change.limitMs >= 0 ? null : 'limitMs must be a number of at least 0';
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
