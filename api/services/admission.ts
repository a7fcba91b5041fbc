import { type Fault, InvalidInputError } from '../../contract/fault';
import { shorten } from '../../contract/path';
import type { Run } from '../../contract/run';
import { capacityOf } from '../../contract/run-capacity';
import type { RunSpec, RunSubmission } from '../../contract/spec';
import { pinPolicy, policyOf } from '../../contract/submitted-policy';
import { validateSubmission } from '../../contract/validate-spec';
import { createAddressRules } from '../../notify/addresses';
import { closedTargets } from '../../notify/check-targets';
import { jsonHash } from '../../store/json-hash';
import { readPolicyBook } from '../../store/policy-book';
import type { RunAttributes } from '../temporal/runs';
import { capacityFaults } from './check-capacity';
import type { Services } from './services';

/** Where a run comes from whose spec is that of another run. */
export interface Origin {
  rerunOf: string;
  /** Of the run that it repeats. */
  recipe: string | null;
  /** Who asked for it. */
  by: string | null;
  /** What was asked for, by which an Idempotency-Key that is used for something else is recognised. */
  request: object;
}

/** A submission that was found good, and the spec that it comes to. */
export interface Admission {
  submission: RunSubmission;
  /** The same with the version of its named policy, so that a newer one that comes meanwhile changes nothing. */
  pinned: RunSubmission;
  spec: RunSpec;
  recipe: string | null;
  /** What keeps it from ever having a place in its pool, as that is today; absent: nothing. */
  unplaced?: Fault[];
  /** Absent for a run of its own. */
  origin?: Origin;
}

type Parts = Pick<Services, 'recipes' | 'policies' | 'config' | 'pools' | 'logger'>;

/** @throws {InvalidInputError} with every fault of the submission that can be known here; secrets are the worker's. */
export async function admit(input: unknown, services: Parts): Promise<Admission> {
  const admission = await examine(input, services);
  checkPlace(admission);
  return admission;
}

/**
 * The same for what may have been submitted before: that its pool has no place for it is said in the admission.
 *
 * @throws {InvalidInputError}
 */
export async function examine(input: unknown, services: Parts): Promise<Admission> {
  if (input === undefined) throw new InvalidInputError([EMPTY], 'The submission');
  const { recipes, policies, config } = services;
  const reference = policyOf(input, recipes);
  const check = validateSubmission(input, recipes, await readPolicyBook(policies, reference, { alsoDeleted: false }));
  if (check.faults) throw new InvalidInputError(check.faults, 'The submission');
  const { spec, recipe } = check;
  const faults = closedTargets(spec.notify, createAddressRules(config.notify.allowedPrivate));
  const unplaced = await capacityFaults(spec, services);
  if (faults.length > 0) throw new InvalidInputError([...faults, ...unplaced], 'The submission');
  const submission = input as RunSubmission;
  const { from } = spec.policy;
  const pinned = reference === null || from === undefined ? submission : pinPolicy(submission, from);
  return { submission, pinned, spec, recipe, unplaced };
}

/** @throws {InvalidInputError} where its pool has no place for a run that has not begun. */
export function checkPlace({ unplaced = [], origin }: Admission): void {
  if (unplaced.length > 0) throw new InvalidInputError(unplaced, origin ? 'The body' : 'The submission');
}

const EMPTY = { path: '', message: 'the body is empty; send a run spec, or {"recipe": "<name>"}' };

/** The run as it stands before its workflow has told anything. */
export function queuedRun(runId: string, { spec, recipe, origin }: Admission, createdAt: Date): Run {
  return {
    id: runId,
    name: spec.name,
    state: 'queued',
    reason: null,
    message: null,
    attempt: 0,
    host: null,
    exitCode: null,
    createdAt: createdAt.toISOString(),
    startedAt: null,
    endedAt: null,
    image: spec.image,
    imageDigest: null,
    recipe,
    schedule: null,
    rerunOf: origin?.rerunOf ?? null,
    ...capacityOf(spec),
    gangOf: null,
    rank: null,
    policy: spec.policy.from ?? null,
    firstFailure: null,
    labels: spec.labels,
    params: spec.params,
  };
}

/** What the Temporal Web UI shows of a run from its start on: a line, some Markdown, and what it is found by. */
export function presentRun({ spec, recipe, origin }: Admission): {
  summary: string;
  details: string;
  attributes: RunAttributes;
} {
  const { cpus, memory, gpus } = spec.resources;
  const details = [
    // Markdown takes a list that follows a line at once for more of that line.
    `**${spec.name}**`,
    '',
    `- image \`${spec.image}\``,
    ...(recipe === null ? [] : [`- recipe ${recipe}`]),
    ...(origin === undefined ? [] : [`- rerun of ${origin.rerunOf}`]),
    `- command ${spec.command ? `\`${shorten(spec.command.join(' '), 500)}\`` : "of the image's own"}`,
    `- ${cpus} CPUs, ${memory} of memory, ${gpus === 0 ? '' : `${gpus} GPUs, `}network ${spec.network}`,
    `- pool ${spec.pool}, project ${spec.project}, owner ${spec.owner}, priority ${spec.priority}`,
    ...Object.entries(spec.params).map(([name, value]) => `- ${name}: ${shorten(String(value), 200)}`),
  ];
  const attributes = { RunState: 'queued', RunName: spec.name, ...(recipe === null ? {} : { RunRecipe: recipe }) };
  return {
    summary: shorten(`${spec.name} · ${spec.image}`, 180),
    details: shorten(details.join('\n'), 10_000),
    attributes,
  };
}

/** SHA-256 of what was asked for, in hexadecimal; the order of its fields makes no difference. */
export function hashSubmission({ submission, origin }: Admission): string {
  return jsonHash(origin?.request ?? submission);
}
