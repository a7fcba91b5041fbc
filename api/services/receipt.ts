import { readVersion } from '../../config/version';
import { canonicalJson } from '../../contract/canonical-json';
import type { Receipt, ReceiptAttempt } from '../../contract/receipt';
import type { Attempt, Run } from '../../contract/run';
import { jsonHash } from '../../store/json-hash';
import { findRun } from './find-run';
import type { Services } from './services';

/**
 * What a run was made of and what each of its attempts ran on, with sorted keys.
 *
 * @throws {ProblemError} `not-found`, `not-known-yet`, `temporal-unavailable`.
 */
export async function writeReceipt(services: Services, runId: string): Promise<Receipt> {
  const { run, attempts, spec } = await findRun(services, runId);
  const { id, name, state, recipe, policy, rerunOf, params } = run;
  const receipt: Receipt = {
    ...{ id, name, state, recipe, policy, rerunOf, params },
    spec,
    specHash: spec === null ? null : jsonHash(spec),
    attempts: attempts.map((attempt) => receiptOf(attempt, run)),
    trainyard: readVersion(),
  };
  return JSON.parse(canonicalJson(receipt)) as Receipt;
}

function receiptOf(attempt: Attempt, { image }: Run): ReceiptAttempt {
  const { number, host, form, imageDigest, changes, startedAt, endedAt, reason, exitCode, machine } = attempt;
  return {
    ...{ number, host, form, image, imageDigest, changes, startedAt, endedAt, reason, exitCode },
    // A local process has none, and of a start long ago it is not known.
    imageId: machine?.imageId || null,
    engineVersion: machine?.engineVersion ?? null,
    kernel: machine?.kernel ?? null,
    architecture: machine?.architecture ?? null,
    gpuDriver: machine?.gpuDriver ?? null,
  };
}
