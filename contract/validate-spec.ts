import { Value } from '@sinclair/typebox/value';

import { describeValue } from './describe-value';
import type { Fault } from './fault';
import { nearest } from './nearest';
import { placeOf, refusalOf } from './not-yet';
import { liesIn } from './path';
import { checkPlainJson } from './plain-json';
import type { RecipeBook } from './recipe';
import { RunSpecSchema, RunSubmissionSchema, type RunSpec, type RunSubmission } from './spec';
import {
  checkEnv,
  checkLogs,
  checkParams,
  checkResources,
  checkTemplates,
  checkUser,
  fullUser,
  networkRefusal,
} from './validate-meaning';
import { checkCheckpoint, checkMounts, plainPath } from './validate-mounts';
import { applyParams } from './validate-params';
import { checkShape, type ShapeWording } from './validate-shape';
import { fitDelays, fitTimeouts } from './validate-timeouts';

export type { RecipeBook } from './recipe';

/** Bytes of a spec as JSON at most; it stands in workflow histories, which are for facts and not for data. */
export const SPEC_LIMIT_BYTES = 256 * 1024;

export type SpecCheck = { spec: RunSpec; faults?: undefined } | { faults: Fault[] };
export type SubmissionCheck = { spec: RunSpec; recipe: string | null; faults?: undefined } | { faults: Fault[] };

/**
 * Checks a run spec and fills in every default. Takes whatever can be parsed from JSON or YAML and never throws; an
 * accepted spec comes out of a second check unchanged.
 */
export function validateSpec(input: unknown): SpecCheck {
  const unsafe = checkPlainJson(input, LIMITS);
  if (unsafe.length > 0) return { faults: unsafe };
  return checkSpec(input, checkShape(RunSpecSchema, input, WORDING));
}

/**
 * Checks what a user submits: a run spec, or the name of a recipe with what shall differ from it. The recipe's parameters
 * are checked against its declarations; maps go into the recipe's maps, anything else replaces what the recipe has.
 */
export function validateSubmission(input: unknown, recipes: RecipeBook): SubmissionCheck {
  const unsafe = checkPlainJson(input, LIMITS);
  if (unsafe.length > 0) return { faults: unsafe };
  const shapeFaults = checkShape(RunSubmissionSchema, input, WORDING);
  const submission = (isObject(input) ? input : {}) as RunSubmission;

  if (submission.recipe === undefined) {
    const missing = isObject(input) && submission.image === undefined ? [IMAGE_MISSING] : [];
    return withRecipe(checkSpec(input, [...shapeFaults, ...missing]), null);
  }
  const recipe = recipes.get(submission.recipe);
  if (recipe === undefined) {
    if (!shapeFaults.some(({ path }) => path === 'recipe')) shapeFaults.push(unknownRecipe(submission.recipe, recipes));
    return { faults: shapeFaults };
  }
  const { recipe: name, params, ...differing } = submission;
  const applied = applyParams(recipe, isObject(params) ? params : {});
  // What the recipe declares of a parameter is more exact than what the schema says of all.
  const faults = [
    ...applied.faults,
    ...shapeFaults.filter(({ path }) => applied.faults.every((fault) => fault.path !== path)),
  ];
  return withRecipe(checkSpec({ ...mergeDeep(recipe.spec, differing), params: applied.params }, faults), name);
}

const LIMITS = { bytes: SPEC_LIMIT_BYTES, depth: 16 };

const WORDING: ShapeWording = {
  instead: (path, value) => refusalOf(path, value) ?? (path === 'network' ? networkRefusal(value) : undefined),
  belongs: placeOf,
  // Whoever writes a password into the wrong type of value shall not find it in a log.
  hidden: (path) => liesIn(path, 'env'),
};

const IMAGE_MISSING: Fault = {
  path: 'image',
  message: 'is missing; write an image name such as "trainyard/digits:1", or the name of a `recipe`',
};

function withRecipe(check: SpecCheck, recipe: string | null): SubmissionCheck {
  return check.faults === undefined ? { spec: check.spec, recipe } : check;
}

/** The checks of meaning, of whatever has the right shape, so that one answer holds every fault. */
function checkSpec(input: unknown, shapeFaults: Fault[]): SpecCheck {
  if (!isObject(input)) return { faults: shapeFaults };
  const filled = Value.Default(RunSpecSchema, JSON.parse(JSON.stringify(input))) as RunSpec;
  const written = input as { policy?: { timeouts?: object; retries?: object } };
  const hasShape = (...fields: string[]) =>
    fields.every((field) =>
      shapeFaults.every(({ path }) => path !== '' && !liesIn(path, field) && !liesIn(field, path)),
    );

  const timeouts = hasShape('policy.timeouts')
    ? fitTimeouts(filled.policy.timeouts, written.policy?.timeouts ?? {})
    : null;
  const retries = hasShape('policy.retries') ? fitDelays(filled.policy.retries, written.policy?.retries ?? {}) : null;
  const networkProblem = hasShape('network') ? networkRefusal(filled.network) : undefined;
  const faults = [
    ...shapeFaults,
    ...(hasShape('command', 'env', 'params') ? checkTemplates(filled) : []),
    ...(hasShape('params') ? checkParams(filled.params) : []),
    ...(hasShape('env') ? checkEnv(filled.env) : []),
    ...(hasShape('mounts') ? checkMounts(filled.mounts) : []),
    ...(hasShape('checkpoint') ? checkCheckpoint(filled.checkpoint, hasShape('mounts') ? filled.mounts : []) : []),
    ...(hasShape('resources') ? checkResources(filled.resources) : []),
    ...(networkProblem === undefined ? [] : [{ path: 'network', message: networkProblem }]),
    ...(hasShape('user') ? checkUser(filled.user) : []),
    ...(hasShape('logs') ? checkLogs(filled.logs) : []),
    ...(timeouts?.faults ?? []),
    ...(retries?.faults ?? []),
  ];
  if (faults.length > 0 || timeouts === null || retries === null) return { faults };
  return { spec: finish({ ...filled, policy: { timeouts: timeouts.timeouts, retries: retries.retries } }) };
}

/** The forms that the rest of the program relies on. */
function finish(spec: RunSpec): RunSpec {
  return {
    ...spec,
    name: spec.name ?? nameOfImage(spec.image),
    user: fullUser(spec.user),
    mounts: spec.mounts.map((mount) => ({
      ...mount,
      source: plainPath(mount.source),
      target: plainPath(mount.target),
    })),
    ...(spec.checkpoint && { checkpoint: { ...spec.checkpoint, path: plainPath(spec.checkpoint.path) } }),
  };
}

/** The last part of an image's name, without tag and digest. */
function nameOfImage(image: string): string {
  const lastPart = image.slice(image.lastIndexOf('/') + 1);
  return lastPart.replace(/[:@].*$/, '').slice(0, 100);
}

function unknownRecipe(name: string, recipes: RecipeBook): Fault {
  const known = [...recipes.keys()];
  const meant = nearest(name, known);
  const list =
    known.length === 0 ? 'the server has none' : `known are ${known.map((other) => `"${other}"`).join(', ')}`;
  const help = meant === undefined ? list : `did you mean "${meant}"?`;
  return { path: 'recipe', message: `there is no recipe ${describeValue(name)}; ${help}` };
}

function mergeDeep(base: unknown, over: object): Record<string, unknown> {
  const merged: Record<string, unknown> = { ...(base as object) };
  for (const [key, value] of Object.entries(over)) {
    if (value === undefined) continue;
    const own = Object.hasOwn(merged, key) ? merged[key] : undefined;
    merged[key] = isObject(value) && isObject(own) ? mergeDeep(own, value) : value;
  }
  return merged;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
