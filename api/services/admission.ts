import { createHash } from 'node:crypto';

import { InvalidInputError } from '../../contract/fault';
import type { Run } from '../../contract/run';
import type { RunSpec, RunSubmission } from '../../contract/spec';
import { validateSubmission } from '../../contract/validate-spec';
import { createAddressRules } from '../../notify/addresses';
import { closedTargets } from '../../notify/check-targets';
import type { RunAttributes } from '../temporal/runs';
import type { Services } from './services';

/** A submission that was found good, and the spec that it comes to. */
export interface Admission {
  submission: RunSubmission;
  spec: RunSpec;
  recipe: string | null;
}

/** @throws {InvalidInputError} with every fault of the submission that can be known here; secrets are the worker's. */
export function admit(input: unknown, { recipes, config }: Pick<Services, 'recipes' | 'config'>): Admission {
  if (input === undefined) throw new InvalidInputError([EMPTY], 'The submission');
  const check = validateSubmission(input, recipes);
  if (check.faults) throw new InvalidInputError(check.faults, 'The submission');
  const closed = closedTargets(check.spec.notify, createAddressRules(config.notify.allowedPrivate));
  if (closed.length > 0) throw new InvalidInputError(closed, 'The submission');
  return { submission: input as RunSubmission, spec: check.spec, recipe: check.recipe };
}

const EMPTY = { path: '', message: 'the body is empty; send a run spec, or {"recipe": "<name>"}' };

/** The run as it stands before its workflow has told anything. */
export function queuedRun(runId: string, { spec, recipe }: Admission, createdAt: Date): Run {
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
    rerunOf: null,
    policy: null,
    firstFailure: null,
    labels: spec.labels,
    params: spec.params,
  };
}

/** What the Temporal Web UI shows of a run from its start on: a line, some Markdown, and what it is found by. */
export function presentRun({ spec, recipe }: Admission): {
  summary: string;
  details: string;
  attributes: RunAttributes;
} {
  const { cpus, memory } = spec.resources;
  const details = [
    // Markdown takes a list that follows a line at once for more of that line.
    `**${spec.name}**`,
    '',
    `- image \`${spec.image}\``,
    ...(recipe === null ? [] : [`- recipe ${recipe}`]),
    `- command ${spec.command ? `\`${clip(spec.command.join(' '), 500)}\`` : "of the image's own"}`,
    `- ${cpus} CPUs, ${memory} of memory, network ${spec.network}`,
    ...Object.entries(spec.params).map(([name, value]) => `- ${name}: ${clip(String(value), 200)}`),
  ];
  const attributes = { RunState: 'queued', RunName: spec.name, ...(recipe === null ? {} : { RunRecipe: recipe }) };
  return { summary: clip(`${spec.name} · ${spec.image}`, 180), details: clip(details.join('\n'), 10_000), attributes };
}

/** SHA-256 of a submission in hexadecimal; the order of its fields makes no difference. */
export function hashSubmission(submission: unknown): string {
  return createHash('sha256').update(canonicalJson(submission)).digest('hex');
}

export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item)).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, field]) => `${JSON.stringify(name)}:${canonicalJson(field)}`);
  return `{${fields.join(',')}}`;
}

function clip(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
