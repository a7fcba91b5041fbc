import { Type } from '@sinclair/typebox';

import { describeValue } from '../../contract/describe-value';
import { type Fault, InvalidInputError } from '../../contract/fault';
import { isObject, mergeDeep } from '../../contract/merge';
import { nearest } from '../../contract/nearest';
import { joinPath, pathBelow } from '../../contract/path';
import { checkPlainJson } from '../../contract/plain-json';
import { RunSpecSchema, type RunSpec } from '../../contract/spec';
import { checkShape } from '../../contract/validate-shape';
import { LIMITS as SPEC_LIMITS } from '../../contract/validate-spec';
import { ProblemError } from '../problem-error';
import { type Admission, examine } from './admission';
import { AskBodySchema } from './check-body';
import { type FoundRun, findRun } from './find-run';
import { pinImage } from './pin-image';
import type { Services } from './services';
import { type Submitted, submitAdmitted } from './submit-run';

const { by } = AskBodySchema.properties;
const EXACT = Type.Boolean({
  default: false,
  description: 'Run the very image that the run had, by its digest or its id, and change nothing. Default false.',
  mend: 'write true or false',
});

/** As the description of the API shows it. */
export const RerunBodySchema = Type.Object(
  {
    exact: Type.Optional(EXACT),
    changes: Type.Optional({
      ...Type.Partial(RunSpecSchema),
      description:
        "Fields of a run spec that shall differ from the run's: maps go into its maps, anything else replaces what it has.",
    }),
    by: Type.Optional(by),
  },
  { additionalProperties: false, title: 'RerunRequest', examples: [{ changes: { params: { epochs: 5 } } }] },
);

/** As it is checked before the changes are: these are checked as part of the spec that they lead to. */
const BodySchema = Type.Object(
  {
    exact: Type.Optional(EXACT),
    changes: Type.Optional(
      Type.Object({}, { mend: 'write fields of a run spec, such as {"params": {"epochs": 5}}', title: 'Changes' }),
    ),
    by: Type.Optional(by),
  },
  { additionalProperties: false },
);

interface Body {
  exact?: boolean;
  changes?: Record<string, unknown>;
  by?: string;
}

/**
 * Submits a run that repeats another one, ended or not: with its whole spec as it was, and changes over it. As with any
 * submission, the same key gives the same run.
 *
 * @throws {InvalidInputError} with every fault of the body, of the changes, and of the spec that they lead to.
 * @throws {ProblemError} `not-repeatable`, `not-found`, and those of a submission.
 */
export async function rerun(services: Services, runId: string, input: unknown, key?: string): Promise<Submitted> {
  const found = await findRun(services, runId);
  const faults = checkShape(BodySchema, input ?? {});
  const body = (isObject(input) ? input : {}) as Body;
  const spec = specToRepeat(found, body.exact === true);
  const changes = isObject(body.changes) ? body.changes : {};
  const admission = await admitChanged(services, spec, changes, [...faults, ...changeFaults(found, body)]);
  const { id, recipe } = found.run;
  const origin = {
    rerunOf: id,
    recipe,
    by: body.by ?? null,
    // Not the spec: what a live run is pinned to may be another image the next time that the same is asked.
    request: { rerunOf: id, exact: body.exact === true, changes },
  };
  return submitAdmitted(services, { ...admission, recipe, origin }, key);
}

function specToRepeat({ run, spec, attempts }: FoundRun, exact: boolean): RunSpec {
  if (spec === null) {
    const detail = `The spec of the run "${run.id}" is not known: its submission was refused, or it has not been told yet. Submit a new run with POST /v1/runs.`;
    throw new ProblemError('not-repeatable', detail);
  }
  if (!exact) return spec;
  const pinned = pinImage(spec, attempts);
  if (pinned !== null) return pinned;
  const detail = `No container of the run "${run.id}" is known to have had an image, so there is none to run again exactly. Leave \`exact\` out to run ${spec.image} as it is now.`;
  throw new ProblemError('not-repeatable', detail);
}

/** What is wrong with changes whatever the spec is that they are made to. */
function changeFaults({ run, spec }: FoundRun, { exact, changes }: Body): Fault[] {
  if (!isObject(changes)) return [];
  const faults = checkPlainJson(changes, SPEC_LIMITS).map(inChanges);
  if (exact === true && Object.keys(changes).length > 0) {
    const message = 'an exact rerun changes nothing; leave the changes out, or leave `exact` out';
    faults.push({ path: 'changes', message });
  }
  if (Object.hasOwn(changes, 'recipe')) {
    const message = 'a rerun has the spec of its run; to start from a recipe as it is now, submit a new run with it';
    faults.push({ path: 'changes.recipe', message });
  }
  if (run.recipe === null || !isObject(changes['params'])) return faults;
  // What the recipe declared, it has a value of; a name that it did not have is a slip.
  const known = Object.keys(spec?.params ?? {});
  const strange = Object.keys(changes['params']).filter((name) => !known.includes(name));
  return [...faults, ...strange.map((name) => strangeParam(name, known, run.recipe!))];
}

function strangeParam(name: string, known: string[], recipe: string): Fault {
  const meant = nearest(name, known);
  const help = meant === undefined ? `known are ${known.join(', ') || 'none'}` : `did you mean \`${meant}\`?`;
  const message = `the run was made from the recipe "${recipe}", which had no parameter ${describeValue(name)}; ${help}`;
  return { path: joinPath('changes.params', name), message };
}

/** @throws {InvalidInputError} with these faults, and those of the spec that the changes lead to. */
async function admitChanged(
  services: Services,
  spec: RunSpec,
  changes: Record<string, unknown>,
  faults: Fault[],
): Promise<Admission> {
  const isUnsafe = checkPlainJson(changes, SPEC_LIMITS).length > 0;
  if (isUnsafe) throw new InvalidInputError(faults, 'The body');
  // A policy by name comes in place of the run's; below that, it would have no effect.
  const isNamed = isObject(changes['policy']) && Object.hasOwn(changes['policy'], 'use');
  const { recipe: _, ...merged } = mergeDeep(isNamed ? { ...spec, policy: {} } : spec, changes);
  try {
    const { unplaced = [], ...admission } = await examine(merged, services);
    const noPlace = unplaced.map(inChanges);
    if (faults.length === 0) return { ...admission, unplaced: noPlace };
    faults.push(...noPlace);
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    throw new InvalidInputError([...faults, ...error.faults.map(inChanges)], 'The body');
  }
  throw new InvalidInputError(faults, 'The body');
}

/** The mend of whatever is wrong with the spec is another change. */
function inChanges({ path, message }: Fault): Fault {
  return { path: pathBelow('changes', path), message };
}
