import { Value } from '@sinclair/typebox/value';

import { describeValue } from './describe-value';
import type { Fault } from './fault';
import { isObject, mergeDeep } from './merge';
import { nearest } from './nearest';
import { placeOf, refusalOf } from './not-yet';
import { liesIn } from './path';
import { checkPlainJson } from './plain-json';
import type { PolicyBook } from './policy-book';
import type { Recipe, RecipeBook } from './recipe';
import { policyAsObject, resolvePolicy } from './resolve-policy';
import { CheckedSubmissionSchema, RunSpecSchema, type RetryRule, type RunSpec, type RunSubmission } from './spec';
import { checkGpus } from './validate-capacity';
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
import { checkNotify } from './validate-notify';
import { applyParams } from './validate-params';
import { checkRules } from './validate-retries';
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
 *
 * @param policies what `policy.use` may name; left out, nothing.
 */
export function validateSpec(input: unknown, policies: PolicyBook | null = null): SpecCheck {
  const unsafe = checkPlainJson(input, LIMITS);
  if (unsafe.length > 0) return { faults: unsafe };
  return checkResolved(input, checkShape(RunSpecSchema, withoutPolicyName(input), WORDING), { policies });
}

/**
 * Checks what a user submits: a run spec, or the name of a recipe with what shall differ from it. The recipe's parameters
 * are checked against its declarations; maps go into the recipe's maps, anything else replaces what the recipe has. The
 * fields of a named policy are taken into the spec, below what the recipe and the submission say themselves.
 */
export function validateSubmission(input: unknown, recipes: RecipeBook, policies: PolicyBook): SubmissionCheck {
  const unsafe = checkPlainJson(input, LIMITS);
  if (unsafe.length > 0) return { faults: unsafe };
  const shapeFaults = checkShape(CheckedSubmissionSchema, withoutPolicyName(input), WORDING);
  const submission = (isObject(input) ? input : {}) as RunSubmission;

  if (submission.recipe === undefined) {
    const missing = isObject(input) && submission.image === undefined ? [IMAGE_MISSING] : [];
    return withRecipe(checkResolved(input, [...shapeFaults, ...missing], { policies }), null);
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
  const base = { ...recipe.spec, policy: policyAsObject(recipe.spec.policy) };
  const merged = { ...mergeDeep(base, differing), params: applied.params };
  return withRecipe(checkResolved(merged, faults, { policies, declared: recipe.params }), name);
}

export const LIMITS = { bytes: SPEC_LIMIT_BYTES, depth: 16 };

/** How what is wrong with a run spec is told where the schema's words will not do. */
export const WORDING: ShapeWording = {
  instead: (path, value) => refusalOf(path) ?? insteadOf(path, value),
  belongs: placeOf,
  // Whoever writes a password into the wrong type of value shall not find it in a log.
  hidden: (path) => liesIn(path, 'env') || /^notify\[\d+\][.](url|secret|urlSecret)$/.test(path),
};

const IMAGE_MISSING: Fault = {
  path: 'image',
  message: 'is missing; write an image name such as "trainyard/digits:1", or the name of a `recipe`',
};

function withRecipe(check: SpecCheck, recipe: string | null): SubmissionCheck {
  return check.faults === undefined ? { spec: check.spec, recipe } : check;
}

function insteadOf(path: string, value: unknown): string | undefined {
  if (path === 'network') return networkRefusal(value);
  if (path !== 'policy') return undefined;
  return `must be an object with \`timeouts\` and \`retries\`, or the name of a policy such as "patient"; got ${describeValue(value)}`;
}

/** A policy that is only a name is checked by whoever resolves it. */
function withoutPolicyName(input: unknown): unknown {
  if (!isObject(input) || typeof input['policy'] !== 'string') return input;
  return Object.fromEntries(Object.entries(input).filter(([key]) => key !== 'policy'));
}

/** The checks of meaning with the named policy in its place. */
function checkResolved(
  input: unknown,
  shapeFaults: Fault[],
  { policies, declared }: { policies: PolicyBook | null; declared?: Recipe['params'] },
): SpecCheck {
  if (!isObject(input)) return checkSpec(input, shapeFaults);
  const { policy, from, faults: unresolved } = resolvePolicy(input['policy'], policies);
  const told = [...shapeFaults, ...unresolved.filter(({ path }) => shapeFaults.every((fault) => fault.path !== path))];
  const check = checkSpec({ ...input, policy }, told, declared);
  if (check.faults === undefined || from === null) return check;
  // What is wrong may stand in the named policy, which the user does not see.
  const located = check.faults.map((fault) =>
    told.includes(fault) || !liesIn(fault.path, 'policy')
      ? fault
      : { ...fault, message: `${fault.message} (with the policy ${from})` },
  );
  return { faults: located };
}

/** The checks of meaning, of whatever has the right shape, so that one answer holds every fault. */
function checkSpec(input: unknown, shapeFaults: Fault[], declared: Recipe['params'] = {}): SpecCheck {
  if (!isObject(input)) return { faults: shapeFaults };
  const filled = Value.Default(RunSpecSchema, JSON.parse(JSON.stringify(input))) as RunSpec;
  const written = input as { policy?: { timeouts?: object; retries?: object } };
  const hasShape = shapeCheckOf(shapeFaults);

  const timeouts = hasShape('policy.timeouts')
    ? fitTimeouts(filled.policy.timeouts, written.policy?.timeouts ?? {})
    : null;
  const retries = hasShape('policy.retries') ? fitDelays(filled.policy.retries, written.policy?.retries ?? {}) : null;
  const faults = [
    ...shapeFaults,
    ...fieldFaults(filled, hasShape),
    ...(timeouts?.faults ?? []),
    ...(retries?.faults ?? []),
    ...ruleFaults(filled, hasShape, declared),
  ];
  if (faults.length > 0 || timeouts === null || retries === null) return { faults };
  const { from } = filled.policy;
  const policy = { timeouts: timeouts.timeouts, retries: retries.retries, ...(from === undefined ? {} : { from }) };
  return { spec: finish({ ...filled, policy }) };
}

/** Whether fields, and all that lies in them, have the right shape. */
type ShapeCheck = (...fields: string[]) => boolean;

function shapeCheckOf(shapeFaults: readonly Fault[]): ShapeCheck {
  return (...fields) =>
    fields.every((field) =>
      shapeFaults.every(({ path }) => path !== '' && !liesIn(path, field) && !liesIn(field, path)),
    );
}

function fieldFaults(filled: RunSpec, hasShape: ShapeCheck): Fault[] {
  const networkProblem = hasShape('network') ? networkRefusal(filled.network) : undefined;
  return [
    ...(hasShape('command', 'env', 'params') ? checkTemplates(filled) : []),
    ...(hasShape('params') ? checkParams(filled.params) : []),
    ...(hasShape('env') ? checkEnv(filled.env) : []),
    ...(hasShape('mounts') ? checkMounts(filled.mounts) : []),
    ...(hasShape('checkpoint') ? checkCheckpoint(filled.checkpoint, hasShape('mounts') ? filled.mounts : []) : []),
    ...(hasShape('resources') ? [...checkResources(filled.resources), ...checkGpus(filled.resources)] : []),
    ...(networkProblem === undefined ? [] : [{ path: 'network', message: networkProblem }]),
    ...(hasShape('user') ? checkUser(filled.user) : []),
    ...(hasShape('logs') ? checkLogs(filled.logs) : []),
    ...(hasShape('notify') ? checkNotify(filled.notify) : []),
  ];
}

function ruleFaults(filled: RunSpec, hasShape: ShapeCheck, declared: Recipe['params']): Fault[] {
  const rules: unknown = filled.policy?.retries?.rules;
  if (!Array.isArray(rules)) return [];
  const { resources, params, env } = filled;
  const around = {
    declared,
    ...(hasShape('resources') && { resources }),
    ...(hasShape('params') && { params }),
    ...(hasShape('env') && { env }),
  };
  return checkRules(rules as RetryRule[], around, hasShape);
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
