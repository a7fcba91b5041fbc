import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { parse } from 'yaml';

import { loadRecipes } from '../../config/load-recipes';
import { loadPolicies } from '../../config/load-policies';
import { policyBook } from '../../contract/policy-book';
import { validateSubmission } from '../../contract/validate-spec';

const ROOT = join(__dirname, '../..');
const recipes = loadRecipes(join(ROOT, 'recipes'));
const policies = policyBook(loadPolicies(join(ROOT, 'policies')).map((policy) => ({ ...policy, version: 1 })));

it('has a recipe for POST /train whose defaults make a run that reaches nothing and nobody', () => {
  const check = validateSubmission({ recipe: 'digits' }, recipes, policies);
  expect(check).toMatchObject({
    spec: { params: { epochs: 30, batch_size: 16 }, network: 'none', user: '1000:1000', mounts: [] },
  });
});

it('takes the parameters of the digits recipe as far as its training does', () => {
  const program = readFileSync(join(ROOT, 'recipes/digits/train.py'), 'utf8');
  const declared = recipes.get('digits')!.params;
  for (const [name, { minimum, maximum }] of Object.entries(declared)) {
    const line = new RegExp(`"${name}": \\(\\w+, ([^,]+), ([^,]+), `).exec(program);
    expect([name, line]).toEqual([name, expect.anything()]);
    expect(minimum).toBeGreaterThanOrEqual(pythonNumber(line![1]!));
    expect(maximum).toBeLessThanOrEqual(pythonNumber(line![2]!));
  }
});

/** Run specs in the documents: YAML or JSON in a fence, with an image or a recipe. */
const examples = documents(ROOT).flatMap((file) => {
  const fences = [...readFileSync(file, 'utf8').matchAll(/^```(?:ya?ml|json)\n(.*?)^```/gms)];
  return fences
    .map(([, text = '']) => [file.slice(ROOT.length + 1), text] as const)
    .filter(([, text]) => /^(\s*\{\s*)?"?(image|recipe)"?:/m.test(text));
});

it('shows in its documents only runs that it would accept', () => {
  for (const [file, text] of examples) {
    const value: unknown = parse(text);
    const check = validateSubmission(value, recipes, policies);
    expect([file, text, check.faults]).toEqual([file, text, undefined]);
  }
});

function documents(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => !name.startsWith('.') && !['node_modules', 'dist', 'data', 'test', 'coverage'].includes(name))
    .map((name) => join(folder, name))
    .flatMap((path) => {
      if (statSync(path).isDirectory()) return documents(path);
      return path.endsWith('.md') ? [path] : [];
    });
}

function pythonNumber(text: string): number {
  const [, base, power, less = '0'] = /^(\d+)\*\*(\d+) - (\d+)$/.exec(text) ?? [];
  return base === undefined ? Number(text.replaceAll('_', '')) : Number(base) ** Number(power) - Number(less);
}
