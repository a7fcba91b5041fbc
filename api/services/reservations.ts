import { randomBytes } from 'node:crypto';

import { InvalidInputError } from '../../contract/fault';
import type { PoolReservation } from '../../contract/pool-http';
import { checkReservation } from '../../contract/reservation';
import { ProblemError } from '../problem-error';
import { poolAnswered } from './pool-answer';
import { checkPoolExists, reservationsOf } from './pools';
import type { Services } from './services';

/**
 * Reservations of all pools, or of one; those that are over are gone. Only the pools themselves know them.
 *
 * @throws {ProblemError} `not-found`, `temporal-unavailable`.
 */
export async function listReservations(services: Services, pool?: string): Promise<PoolReservation[]> {
  if (pool !== undefined) await checkPoolExists(services, pool);
  const names = pool === undefined ? await services.pools.names() : [pool];
  const found = await Promise.all(
    names.map(async (name) => {
      const view = await services.temporal.pools.view(name);
      return view === null ? [] : reservationsOf(view, name);
    }),
  );
  return found.flat().toSorted((one, other) => (one.from < other.from ? -1 : 1));
}

/**
 * Keeps GPUs of a pool for a project.
 *
 * @throws {InvalidInputError} with every fault that can be told without the pool.
 * @throws {ProblemError} `not-found`, `change-refused` where the pool could not keep it, `change-unconfirmed`.
 */
export async function makeReservation(services: Services, input: unknown): Promise<PoolReservation> {
  const checked = checkReservation(input ?? {}, Date.now());
  if (checked.faults !== undefined) throw new InvalidInputError(checked.faults, 'The reservation');
  const { pool, ...terms } = checked.terms;
  await checkPoolExists(services, pool);
  const reservation = { id: `reservation-${randomBytes(4).toString('hex')}`, ...terms, by: checked.by ?? 'the API' };
  poolAnswered(await services.temporal.pools.reserve(pool, reservation), `the pool "${pool}"`);
  return { ...reservation, pool };
}

/** @throws {ProblemError} `not-found`, `change-unconfirmed`, `temporal-unavailable`. */
export async function deleteReservation(services: Services, id: string, by = 'the API'): Promise<void> {
  const found = (await listReservations(services)).find((reservation) => reservation.id === id);
  const gone = new ProblemError(
    'not-found',
    `There is no reservation "${id}"; GET /v1/reservations lists those there are.`,
  );
  if (found === undefined) throw gone;
  const answer = await services.temporal.pools.unreserve(found.pool, { id, by });
  if ('refusal' in answer && answer.refusal === 'unknown-reservation') throw gone;
  poolAnswered(answer, `the pool "${found.pool}"`);
}
