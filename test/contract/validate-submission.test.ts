import { NO_POLICIES } from '../../contract/policy-book';
import type { Recipe, RecipeBook } from '../../contract/recipe';
import { validateSubmission } from '../../contract/validate-spec';

const DIGITS: Recipe = {
  name: 'digits',
  description: 'Trains on digits.',
  params: {
    epochs: { type: 'integer', description: 'Epochs.', default: 30, minimum: 1, maximum: 100 },
    rate: { type: 'number', description: 'Learning rate.', default: 0.1, minimum: 0 },
    shuffle: { type: 'boolean', description: 'Whether to shuffle.', default: true },
    note: { type: 'string', description: 'Anything.', default: '' },
  },
  spec: {
    image: 'trainyard/digits:1',
    command: ['python3', 'train.py', '--epochs={{params.epochs}}'],
    env: { A: '1', B: '2' },
    resources: { memory: '1g', cpus: 2 },
    policy: { retries: { rules: [{ when: { exitCode: [1] }, then: 'retry' }] } },
  },
};
const NEEDY: Recipe = {
  name: 'needy',
  description: 'Wants a parameter.',
  params: { data: { type: 'string', description: 'Which data.' } },
  spec: { image: 'a' },
};
const RECIPES: RecipeBook = new Map([
  ['digits', DIGITS],
  ['needy', NEEDY],
]);

function accept(submission: object) {
  const check = validateSubmission(submission, RECIPES, NO_POLICIES);
  if (check.faults !== undefined) throw new Error(JSON.stringify(check.faults));
  return check;
}

function refuse(submission: unknown) {
  return validateSubmission(submission, RECIPES, NO_POLICIES).faults;
}

it('takes a spec without a recipe as it is', () => {
  expect(accept({ image: 'a' })).toMatchObject({ recipe: null, spec: { image: 'a', name: 'a' } });
});

it('takes the spec of a recipe with its default parameters', () => {
  const { recipe, spec } = accept({ recipe: 'digits' });
  expect(recipe).toBe('digits');
  expect(spec).toMatchObject({
    image: 'trainyard/digits:1',
    params: { epochs: 30, rate: 0.1, shuffle: true, note: '' },
  });
});

it('puts what differs over the recipe: maps into maps, lists instead of lists', () => {
  const { spec } = accept({
    recipe: 'digits',
    name: 'mine',
    params: { epochs: 3 },
    env: { B: '3', C: '4' },
    resources: { memory: '2g' },
    policy: { retries: { attempts: 2, rules: [] } },
    command: ['true'],
  });
  expect(spec).toMatchObject({
    name: 'mine',
    params: { epochs: 3, rate: 0.1 },
    env: { A: '1', B: '3', C: '4' },
    resources: { memory: '2g', cpus: 2 },
    command: ['true'],
  });
  expect(spec.policy.retries).toMatchObject({ attempts: 2, rules: [] });
});

it('does not change the recipe', () => {
  const before = structuredClone(DIGITS);
  accept({ recipe: 'digits', env: { B: '3' }, params: { epochs: 1 } });
  expect(DIGITS).toEqual(before);
});

it.each<[string, unknown, string]>([
  ['epochs', -3, 'must be at least 1; got -3'],
  ['epochs', 101, 'must be at most 100; got 101'],
  ['epochs', 1.5, 'must be a whole number from 1 to 100; got 1.5'],
  ['epochs', '3', 'must be a whole number from 1 to 100; got "3"'],
  ['epochs', [3], 'must be a whole number from 1 to 100; got a list'],
  ['epochs', 2 ** 60, 'must be a whole number from 1 to 100; got 1152921504606847000'],
  ['rate', 'fast', 'must be a number of at least 0; got "fast"'],
  ['shuffle', 1, 'must be true or false; got 1'],
  ['note', 1, 'must be a text; got 1'],
  ['epoch', 1, 'the recipe "digits" has no such parameter; did you mean `epochs`?'],
  ['colour', 1, 'the recipe "digits" has no such parameter; it has `epochs`, `rate`, `shuffle`, `note`'],
])('refuses the parameter %s = %j', (name, value, message) => {
  expect(refuse({ recipe: 'digits', params: { [name]: value } })).toEqual([{ path: `params.${name}`, message }]);
});

it('refuses a recipe without a parameter that it needs', () => {
  expect(refuse({ recipe: 'needy' })).toEqual([{ path: 'params.data', message: 'is missing; write a text' }]);
});

it('tells faults of parameters, of form and of meaning together', () => {
  const faults = refuse({ recipe: 'digits', params: { epochs: 0 }, comand: 1, user: '0', resources: { memory: 'x' } });
  expect(faults!.map(({ path }) => path).toSorted()).toEqual(['comand', 'params.epochs', 'resources.memory', 'user']);
});

it('names the recipe that was meant, or those that there are', () => {
  expect(refuse({ recipe: 'digit' })).toEqual([
    { path: 'recipe', message: 'there is no recipe "digit"; did you mean "digits"?' },
  ]);
  expect(refuse({ recipe: 'constructor' })![0]!.message).toContain('known are "digits", "needy"');
  expect(validateSubmission({ recipe: 'x' }, new Map(), NO_POLICIES).faults![0]!.message).toContain(
    'the server has none',
  );
});

it.each([null, 3, [], { recipe: null }, { recipe: 'No Name' }, {}])('refuses %j', (submission) => {
  expect(refuse(submission)).toHaveLength(1);
});
