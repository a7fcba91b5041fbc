import { describeValue } from './describe-value';
import type { Fault } from './fault';
import { nearest } from './nearest';
import { joinPath } from './path';
import type { Recipe, RecipeParam } from './recipe';
import type { ParamValue } from './spec';

/** The parameters of a submission against those that its recipe declares, with the recipe's defaults filled in. */
export function applyParams(
  recipe: Pick<Recipe, 'name' | 'params'>,
  given: Readonly<Record<string, unknown>>,
): { params: Record<string, ParamValue>; faults: Fault[] } {
  const declared = Object.entries(recipe.params);
  const faults = Object.keys(given)
    .filter((name) => !Object.hasOwn(recipe.params, name))
    .map((name) => ({ path: joinPath('params', name), message: describeUnknownParam(name, recipe) }));

  for (const [name, param] of declared) {
    const problem = problemOfParam(param, Object.hasOwn(given, name) ? given[name] : param.default);
    if (problem !== undefined) faults.push({ path: joinPath('params', name), message: problem });
  }

  const defaults = declared
    .filter(([, param]) => param.default !== undefined)
    .map(([name, param]) => [name, param.default]);
  return { params: { ...Object.fromEntries(defaults), ...given } as Record<string, ParamValue>, faults };
}

/** What is wrong with the value of a declared parameter; undefined where nothing is. */
export function problemOfParam(param: RecipeParam, value: unknown): string | undefined {
  const range = rangeOf(param);
  if (value === undefined) return `is missing; write ${TYPE_NAMES[param.type]}${range}`;
  if (!hasType(param.type, value)) return `must be ${TYPE_NAMES[param.type]}${range}; got ${describeValue(value)}`;
  if (typeof value !== 'number') return undefined;
  if (param.minimum !== undefined && value < param.minimum) return `must be at least ${param.minimum}; got ${value}`;
  if (param.maximum !== undefined && value > param.maximum) return `must be at most ${param.maximum}; got ${value}`;
  return undefined;
}

const TYPE_NAMES: Record<RecipeParam['type'], string> = {
  integer: 'a whole number',
  number: 'a number',
  string: 'a text',
  boolean: 'true or false',
};

function hasType(type: RecipeParam['type'], value: unknown): boolean {
  // Beyond this a number in JSON is no longer the one that was written.
  return type === 'integer' ? Number.isSafeInteger(value) : typeof value === type;
}

function rangeOf({ minimum, maximum }: RecipeParam): string {
  if (minimum !== undefined && maximum !== undefined) return ` from ${minimum} to ${maximum}`;
  if (minimum !== undefined) return ` of at least ${minimum}`;
  return maximum === undefined ? '' : ` of at most ${maximum}`;
}

function describeUnknownParam(name: string, recipe: Pick<Recipe, 'name' | 'params'>): string {
  const known = Object.keys(recipe.params);
  const meant = nearest(name, known);
  if (meant !== undefined) return `the recipe "${recipe.name}" has no such parameter; did you mean \`${meant}\`?`;
  const has = known.length === 0 ? 'none' : known.map((other) => `\`${other}\``).join(', ');
  return `the recipe "${recipe.name}" has no such parameter; it has ${has}`;
}
