import { describeFault, type Fault } from '../../contract/fault';
import type { ClaimInput, Reservation } from '../../contract/pool';
import { pathBelow } from '../../contract/path';
import {
  ClaimIdentitySchema,
  ClaimSchema,
  HostChangeSchema,
  LimitChangeSchema,
  ReprioritiseSchema,
  ReservationMessageSchema,
  UnreserveSchema,
} from '../../contract/pool-message-schemas';
import type { ConfigureInput } from '../../contract/pool-messages';
import { KeptSettingsSchema, SettingsChangeSchema } from '../../contract/pool-settings';
import { checkShape } from '../../contract/validate-shape';

/**
 * What is wrong with messages that somebody may have sent by hand, each fault with its field and the mend; null where they can be
 * told to the core.
 */

export const faultOfIdentity = (input: unknown): string | null => told(checkShape(ClaimIdentitySchema, input));

export const faultOfClaim = (input: unknown): string | null => told(faultsOfClaim(input));

export function faultOfClaims(inputs: unknown): string | null {
  if (!Array.isArray(inputs)) return 'must be a list of claims; write [{"runId": …, "claim": …, "request": {…}}]';
  return told(inputs.flatMap((input, index) => within(`[${index}]`, faultsOfClaim(input))));
}

function faultsOfClaim(input: unknown): Fault[] {
  const faults = checkShape(ClaimSchema, input);
  if (faults.length > 0) return faults;
  return within('request', faultsOfInstants((input as ClaimInput).request, ['submittedAt']));
}

/** Every fault of a change of settings, with the field and the mend. */
export function faultOfConfigure(input: ConfigureInput | undefined): string | null {
  const parts = { settings: KeptSettingsSchema, change: SettingsChangeSchema };
  const given = Object.entries(parts).filter(([part]) => (input?.[part as keyof typeof parts] ?? null) !== null);
  if (given.length === 0) {
    return 'settings or change must name what is to change, such as {"change": {"maxQueued": 500}}';
  }
  return told(given.flatMap(([part, schema]) => within(part, checkShape(schema, input![part as keyof typeof parts]))));
}

export const faultOfHostChange = (input: unknown): string | null => told(checkShape(HostChangeSchema, input));

export const faultOfReprioritise = (input: unknown): string | null => told(checkShape(ReprioritiseSchema, input));

export const faultOfLimit = (input: unknown): string | null => told(checkShape(LimitChangeSchema, input));

export function faultOfReservation(input: unknown): string | null {
  const faults = checkShape(ReservationMessageSchema, input);
  return told(faults.length > 0 ? faults : faultsOfInstants(input as Reservation, ['from', 'until']));
}

export const faultOfUnreserve = (input: unknown): string | null => told(checkShape(UnreserveSchema, input));

/** What looks like an instant may be none, such as one in a thirteenth month. */
function faultsOfInstants<K extends string>(input: Record<K, string>, fields: readonly K[]): Fault[] {
  return fields
    .filter((field) => Number.isNaN(Date.parse(input[field])))
    .map((field) => ({ path: field, message: `there is no such time; got "${input[field]}"` }));
}

function within(part: string, faults: readonly Fault[]): Fault[] {
  return faults.map(({ path, message }) => ({ path: pathBelow(part, path), message }));
}

const told = (faults: readonly Fault[]): string | null =>
  faults.length === 0 ? null : faults.map(describeFault).join('; ');
