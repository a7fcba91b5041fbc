import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import type { Fault } from '../contract/fault';
import { joinPath } from '../contract/path';
import { checkPlainJson } from '../contract/plain-json';
import type { PolicyBook } from '../contract/policy-book';
import { RecipeFileSchema, type Recipe, type RecipeBook, type RecipeParam } from '../contract/recipe';
import type { ParamValue } from '../contract/spec';
import { problemOfParam } from '../contract/validate-params';
import { checkShape } from '../contract/validate-shape';
import { SPEC_LIMIT_BYTES, validateSpec } from '../contract/validate-spec';
import { ConfigError, type ConfigFault } from './config-error';
import { readYamlFile } from './yaml-file';

/** File of a recipe in its folder. */
export const RECIPE_FILE = 'recipe.yaml';

/**
 * The recipes of a folder: each lies in a folder of its own, named after it, as `recipe.yaml`. Folders whose names start
 * with a dot or an underscore are left out.
 *
 * @throws {ConfigError} with every fault of every recipe at once.
 */
export function loadRecipes(folder: string): RecipeBook {
  const faults: ConfigFault[] = [];
  const book = new Map<string, Recipe>();
  for (const name of recipeNames(folder)) {
    const source = join(folder, name, RECIPE_FILE);
    const { recipe, faults: own } = readRecipe(source, name);
    if (recipe !== undefined) book.set(name, recipe);
    faults.push(...own.map((fault) => ({ source, ...fault })));
  }
  if (faults.length > 0) throw new ConfigError(faults, 'The recipes');
  return book;
}

function recipeNames(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => (entry.isDirectory() || entry.isSymbolicLink()) && !/^[._]/.test(entry.name))
      .map((entry) => entry.name)
      .toSorted();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const message = `cannot be read (${code}); name the folder of the recipes in TRAINYARD_RECIPES`;
    throw new ConfigError([{ source: folder, path: '', message }], 'The recipes');
  }
}

function readRecipe(file: string, folderName: string): { recipe?: Recipe; faults: Fault[] } {
  const read = readYamlFile(file);
  if (read.problem !== undefined) return { faults: [{ path: '', message: read.problem }] };
  const unsafe = checkPlainJson(read.value, { bytes: SPEC_LIMIT_BYTES, depth: 16 });
  const shapeFaults = unsafe.length > 0 ? unsafe : checkShape(RecipeFileSchema, read.value);
  if (shapeFaults.length > 0) return { faults: shapeFaults };

  const recipe = { params: {}, ...(read.value as object) } as Recipe;
  const faults = [...checkName(recipe, folderName), ...checkParams(recipe)];
  // Values of parameters go into the spec, so it can only be judged with good ones.
  return { recipe, faults: faults.length > 0 ? faults : checkSpec(recipe) };
}

function checkName({ name }: Recipe, folderName: string): Fault[] {
  if (name === folderName) return [];
  return [{ path: 'name', message: `must be the name of its folder, "${folderName}"; got "${name}"` }];
}

function checkParams({ params }: Recipe): Fault[] {
  return Object.entries(params).flatMap(([name, param]): Fault[] => {
    const path = joinPath('params', name);
    const bounds = checkBounds(param, path);
    if (bounds.length > 0 || param.default === undefined) return bounds;
    const problem = problemOfParam(param, param.default);
    return problem === undefined ? [] : [{ path: `${path}.default`, message: problem }];
  });
}

function checkBounds({ type, minimum, maximum }: RecipeParam, path: string): Fault[] {
  const isNumber = type === 'integer' || type === 'number';
  if (!isNumber && (minimum !== undefined || maximum !== undefined)) {
    return [{ path, message: `has a minimum or a maximum, which is for numbers only; its type is "${type}"` }];
  }
  if (minimum === undefined || maximum === undefined || minimum <= maximum) return [];
  return [{ path: `${path}.maximum`, message: `must be at least the minimum (${minimum}); got ${maximum}` }];
}

function checkSpec({ params, spec }: Recipe): Fault[] {
  if (typeof spec !== 'object' || spec === null || Array.isArray(spec)) {
    return [{ path: 'spec', message: 'must be a run spec, at least with an `image`' }];
  }
  if ('params' in spec) {
    return [{ path: 'spec.params', message: 'is not for recipes; declare the parameters in `params` of the recipe' }];
  }
  const example = Object.fromEntries(Object.entries(params).map(([name, param]) => [name, exampleOf(param)]));
  const { faults = [] } = validateSpec({ ...(spec as object), params: example }, ANY_POLICY);
  return faults.map(({ path, message }) => ({ path: path === '' ? 'spec' : `spec.${path}`, message }));
}

/** Which policies there are is known only when a run is submitted: they come and go while the server runs. */
const ANY_POLICY: PolicyBook = {
  get: ({ name }) => ({ name, version: 1, policy: {} }),
  names: () => [],
  newest: () => undefined,
};

/** A value that the parameter can have. */
function exampleOf({ type, default: fallback, minimum, maximum }: RecipeParam): ParamValue {
  if (fallback !== undefined) return fallback;
  if (type === 'boolean') return true;
  return type === 'string' ? 'example' : (minimum ?? maximum ?? 1);
}
