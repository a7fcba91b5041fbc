import { createHash, randomBytes } from 'node:crypto';

import { canonicalJson } from '../../contract/canonical-json';
import { InvalidInputError } from '../../contract/fault';
import { runIdFor } from '../../contract/names';
import { parsePolicyReference, writePolicyReference } from '../../contract/policy-reference';
import type { Run } from '../../contract/run';
import type { RunSpec } from '../../contract/spec';
import { pinPolicy, policyOf } from '../../contract/submitted-policy';
import type { StoredRun } from '../../store/run-store';
import { ProblemError } from '../problem-error';
import { type Admission, checkPlace, examine, hashSubmission, presentRun, queuedRun } from './admission';
import { findRun } from './find-run';
import type { Services } from './services';

/** What a submission came to. */
export interface Submitted {
  run: Run;
  /** True where the Idempotency-Key was used before, for the same submission. */
  replayed: boolean;
}

/**
 * Submits a run. What is answered exists in Temporal; the read model follows, now or when the workflow reports.
 *
 * With a key the id of the run is made from the key, so that Temporal itself keeps a second submission from starting a
 * second run, whichever process it reaches and however many come at once.
 *
 * @throws {InvalidInputError} with every fault of the submission.
 * @throws {ProblemError} `idempotency-key-reused`, `may-not-submit`, `queue-full`, `temporal-unavailable`.
 */
export async function submitRun(services: Services, input: unknown, idempotencyKey?: string): Promise<Submitted> {
  return submitAdmitted(services, await examine(input, services), idempotencyKey);
}

/** The same for what was found good already. */
export async function submitAdmitted(
  services: Services,
  admission: Admission,
  idempotencyKey?: string,
): Promise<Submitted> {
  if (idempotencyKey === undefined) {
    const run = await startNew(services, admission, runIdFor(admission.spec.name, base32(randomBytes(5))));
    if (!run) throw new Error('a new run got the id of another one');
    return { run, replayed: false };
  }
  const runId = runIdForKey(idempotencyKey);
  // Temporal forgets a run when its retention is over; the store does not.
  const stored = await readStored(services, runId);
  const run = stored ? undefined : await startUnlessThere(services, admission, runId);
  if (run) return { run, replayed: false };
  await checkSameSubmission(services, admission, runId, stored);
  return { run: await currentRun(services, admission, runId), replayed: true };
}

/** Undefined where a run with the id exists already, for which there need be no room any more. */
async function startUnlessThere(services: Services, admission: Admission, runId: string): Promise<Run | undefined> {
  try {
    return await startNew(services, admission, runId);
  } catch (error) {
    if (isRefusal(error) && (await services.temporal.runs.submissionHash(runId)) !== undefined) return undefined;
    throw error;
  }
}

const isRefusal = (error: unknown): boolean =>
  error instanceof InvalidInputError ||
  (error instanceof ProblemError && ['may-not-submit', 'queue-full'].includes(error.kind));

/** Undefined where a run with the id exists already. */
async function startNew(services: Services, admission: Admission, runId: string): Promise<Run | undefined> {
  checkPlace(admission);
  return services.queueRoom.enter(runId, admission.spec, async () => start(services, admission, runId));
}

async function start(services: Services, admission: Admission, runId: string): Promise<Run | undefined> {
  const run = queuedRun(runId, admission, new Date());
  const { pinned: submission, origin } = admission;
  const submissionHash = hashSubmission(admission);
  const wish = { runId, submission, submissionHash, ...presentRun(admission), ...(origin && { origin }) };
  const outcome = await services.temporal.runs.start(wish);
  if (outcome === 'exists') return undefined;
  await services.runStore.insertQueued(run, admission.spec).catch((error: unknown) => {
    services.logger.warn({ err: error, runId }, 'an accepted run is not in the list before its workflow reports');
  });
  return run;
}

async function readStored({ runStore, logger }: Services, runId: string): Promise<StoredRun | null> {
  return runStore.getRun(runId).catch((error: unknown) => {
    logger.warn({ err: error, runId }, 'whether a key was used is asked of Temporal alone: the store does not answer');
    return null;
  });
}

async function checkSameSubmission(
  services: Services,
  admission: Admission,
  runId: string,
  stored: StoredRun | null,
): Promise<void> {
  const known = await services.temporal.runs.submissionHash(runId);
  const isSame =
    typeof known?.hash === 'string'
      ? known.hash === hashSubmission(admission)
      : stored !== null &&
        stored.run.rerunOf === (admission.origin?.rerunOf ?? null) &&
        canonicalJson(stored.spec) === canonicalJson(await specOfThen(services, admission, stored));
  if (isSame) return;
  throw new ProblemError(
    'idempotency-key-reused',
    `The Idempotency-Key was used for the run "${runId}", which has another submission; use a new key for a new run.`,
  );
}

/** The spec that the submission had come to when the run was started: its named policy may have a newer version now. */
async function specOfThen(services: Services, admission: Admission, { run }: StoredRun): Promise<RunSpec> {
  const reference = policyOf(admission.submission, services.recipes);
  const then = run.policy === null ? null : parsePolicyReference(run.policy);
  if (then === null || reference?.version !== null || reference.name !== then.name) return admission.spec;
  return (await examine(pinPolicy(admission.submission, writePolicyReference(then)), services)).spec;
}

async function currentRun(services: Services, admission: Admission, runId: string): Promise<Run> {
  try {
    return (await findRun(services, runId)).run;
  } catch (error) {
    // Between the start of a workflow and its first words there is nothing else to tell.
    if (error instanceof ProblemError && error.kind === 'not-known-yet') return queuedRun(runId, admission, new Date());
    throw error;
  }
}

function runIdForKey(key: string): string {
  return runIdFor('run', base32(createHash('sha256').update(key).digest()).slice(0, 12));
}

/** Base 32 (RFC 4648) in lower case, without padding. */
function base32(bytes: Uint8Array): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{5}/g) ?? []).map((group) => 'abcdefghijklmnopqrstuvwxyz234567'[parseInt(group, 2)]).join('');
}
