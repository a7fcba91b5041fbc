import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ConfigError } from '../../config/config-error';
import { loadRecipes } from '../../config/load-recipes';
import { NO_POLICIES } from '../../contract/policy-book';
import { validateSubmission } from '../../contract/validate-spec';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'trainyard-recipes-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, yaml: string): string {
  mkdirSync(join(folder, name));
  const file = join(folder, name, 'recipe.yaml');
  writeFileSync(file, yaml);
  return file;
}

function faults() {
  try {
    loadRecipes(folder);
  } catch (error) {
    if (error instanceof ConfigError) return [...error.faults];
    throw error;
  }
  return [];
}

const GOOD = 'name: good\ndescription: Good.\nspec: { image: a }\n';

it('reads each recipe from the folder of its name', () => {
  write('good', GOOD);
  write('_shared', 'no recipe');
  writeFileSync(join(folder, 'README.md'), '# Recipes\n');
  expect([...loadRecipes(folder)]).toEqual([
    ['good', { name: 'good', description: 'Good.', params: {}, spec: { image: 'a' } }],
  ]);
});

it('may want a parameter that has no default, and use it in the command', () => {
  write(
    'good',
    `${GOOD.replace('image: a', 'image: a, command: [train, "{{params.data}}"]')}params: { data: { type: string, description: Data. } }\n`,
  );
  const recipes = loadRecipes(folder);
  const check = validateSubmission({ recipe: 'good', params: { data: 'cats' } }, recipes, NO_POLICIES);
  expect(check).toMatchObject({ spec: { command: ['train', '{{params.data}}'], params: { data: 'cats' } } });
});

it.each(['policy: patient', 'policy: { use: patient@3, timeouts: { grace: 1m } }'])(
  'may have %j, which is looked for when a run is submitted',
  (policy) => {
    write('good', GOOD.replace('image: a', `image: a, ${policy}`));
    const check = validateSubmission({ recipe: 'good' }, loadRecipes(folder), NO_POLICIES);
    expect(check.faults).toEqual([
      { path: 'policy.use', message: expect.stringContaining('there is no policy "patient"') },
    ]);
  },
);

it('tells what is wrong with how a policy is named', () => {
  write('good', GOOD.replace('image: a', 'image: a, policy: Not A Name'));
  expect(faults()).toMatchObject([
    { path: 'spec.policy', message: expect.stringContaining('must be the name of a policy') },
  ]);
});

it('tells every fault of every recipe with its file and path', () => {
  const other = write('other', GOOD);
  const shape = write('shape', 'name: shape\ndescripton: x\nspec: {}\nparams: { n: { type: int, description: N. } }\n');
  const params = write(
    'params',
    `name: params
description: x
spec: { image: a }
params:
  a: { type: integer, description: A., default: 0, minimum: 1 }
  b: { type: string, description: B., minimum: 1 }
  c: { type: number, description: C., minimum: 2, maximum: 1 }
`,
  );
  const spec = write(
    'spec',
    'name: spec\ndescription: x\nspec: { image: a, privileged: true, command: ["{{params.x}}"] }\n',
  );
  const none = write('none', 'name: none\ndescription: x\nspec: { params: { a: 1 } }\n');
  mkdirSync(join(folder, 'void'));

  const found = faults().map(({ source, path }) => `${source} ${path}`);
  expect(found.toSorted()).toEqual(
    [
      `${other} name`,
      `${shape} descripton`,
      `${shape} description`,
      `${shape} params.n.type`,
      `${params} params.a.default`,
      `${params} params.b`,
      `${params} params.c.maximum`,
      `${spec} spec.privileged`,
      `${spec} spec.command[0]`,
      `${none} spec.params`,
      `${join(folder, 'void', 'recipe.yaml')} `,
    ].toSorted(),
  );
});

it('names the setting where the folder is not there', () => {
  expect(() => loadRecipes(join(folder, 'gone'))).toThrow(/TRAINYARD_RECIPES/);
});
