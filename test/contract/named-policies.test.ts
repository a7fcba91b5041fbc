import fc from 'fast-check';

import { policyBook } from '../../contract/policy-book';
import { parsePolicyReference } from '../../contract/policy-reference';
import type { Recipe, RecipeBook } from '../../contract/recipe';
import type { RunSubmission } from '../../contract/spec';
import { PolicyFileSchema } from '../../contract/named-policy';
import { pinPolicy, policyOf } from '../../contract/submitted-policy';
import { faultsOfNamedPolicy } from '../../contract/validate-named-policy';
import { validateSpec, validateSubmission } from '../../contract/validate-spec';

const RULE = { when: { exitCode: [1] }, then: 'retry' as const };
const OTHER_RULE = { when: { exitCode: [2] }, then: 'fail' as const };
const POLICIES = policyBook([
  { name: 'patient', version: 1, policy: { timeouts: { running: '1h' } } },
  { name: 'patient', version: 2, policy: { timeouts: { running: '2d', total: '9d' }, retries: { rules: [RULE] } } },
  { name: 'strict', version: 1, policy: { timeouts: { total: '3h' }, retries: { attempts: 1 } } },
]);
const recipe = (name: string, spec: Omit<Recipe['spec'], 'image'>): [string, Recipe] => [
  name,
  { name, description: 'A recipe.', params: {}, spec: { image: 'a', ...spec } },
];
const RECIPES: RecipeBook = new Map([
  recipe('named', { policy: 'patient' }),
  recipe('over', { policy: { use: 'patient', timeouts: { grace: '1m' } } }),
  recipe('own', { policy: { timeouts: { running: '5h' } } }),
]);

function accept(submission: object) {
  const check = validateSubmission(submission, RECIPES, POLICIES);
  if (check.faults !== undefined) throw new Error(JSON.stringify(check.faults));
  return check.spec.policy;
}

function refuse(submission: object, policies = POLICIES) {
  return validateSubmission(submission, RECIPES, policies).faults ?? [];
}

describe('a submission that names a policy', () => {
  it('has the fields of its newest version, and says which that was', () => {
    expect(accept({ image: 'a', policy: 'patient' })).toMatchObject({
      from: 'patient@2',
      timeouts: { running: '2d', total: '9d', queued: '24h' },
      retries: { rules: [RULE], attempts: 1 },
    });
  });

  it('can name a version', () => {
    expect(accept({ image: 'a', policy: 'patient@1' })).toMatchObject({
      from: 'patient@1',
      timeouts: { running: '1h' },
    });
  });

  it('has its own fields over those of the policy, and its own lists in place of theirs', () => {
    const retries = { attempts: 4, rules: [OTHER_RULE] };
    expect(accept({ image: 'a', policy: { use: 'patient', timeouts: { running: '3h' }, retries } })).toMatchObject({
      from: 'patient@2',
      timeouts: { running: '3h', total: '9d' },
      retries: { attempts: 4, rules: [OTHER_RULE] },
    });
  });

  it('counts what the policy says as written, not as a default that gives way', () => {
    expect(accept({ image: 'a', policy: 'strict' }).timeouts).toMatchObject({
      total: '3h',
      running: '3h',
      queued: '3h',
    });
    expect(refuse({ image: 'a', policy: { use: 'strict', timeouts: { running: '4h' } } })).toEqual([
      {
        path: 'policy.timeouts.running',
        message: expect.stringMatching(
          /^must be at most `policy.timeouts.total` \(3h\).*\(with the policy strict@1\)$/,
        ),
      },
    ]);
  });

  it('comes out of a second check unchanged', () => {
    const check = validateSubmission({ image: 'a', policy: { use: 'patient' } }, RECIPES, POLICIES);
    if (check.faults !== undefined) throw new Error('it is good');
    expect(check.spec.policy).not.toHaveProperty('use');
    expect(validateSpec(check.spec)).toEqual({ spec: check.spec });
  });
});

describe('a recipe that names a policy', () => {
  it.each([
    ['has it', { recipe: 'named' }, { from: 'patient@2', timeouts: { running: '2d' } }],
    ['has its own fields over it', { recipe: 'over' }, { from: 'patient@2', timeouts: { running: '2d', grace: '1m' } }],
    [
      'has the fields of the submission over both',
      { recipe: 'over', policy: { timeouts: { running: '3h' } } },
      { from: 'patient@2', timeouts: { running: '3h', grace: '1m' } },
    ],
    [
      'gives way to another name',
      { recipe: 'over', policy: 'strict' },
      { from: 'strict@1', timeouts: { grace: '30s' } },
    ],
    [
      'keeps its fields below a `use`',
      { recipe: 'own', policy: { use: 'patient' } },
      { from: 'patient@2', timeouts: { running: '5h', total: '9d' } },
    ],
    ['loses its fields to a name', { recipe: 'own', policy: 'patient' }, { timeouts: { running: '2d' } }],
  ])('%s', (_, submission, policy) => {
    expect(accept(submission)).toMatchObject(policy);
  });
});

describe('a reference to a policy that cannot be had', () => {
  it.each<[string, object, string, string]>([
    ['is near another name', { policy: 'pateint' }, 'policy', 'there is no policy "pateint"; did you mean "patient"?'],
    ['is unknown', { policy: 'zzz' }, 'policy', 'there is no policy "zzz"; known are "patient", "strict"'],
    ['is below use', { policy: { use: 'zzz' } }, 'policy.use', 'there is no policy "zzz"; known are'],
    [
      'has no such version',
      { policy: 'patient@9' },
      'policy',
      'there is no version 9 of the policy "patient"; its versions are 1 to 2',
    ],
    ['has only one version', { policy: 'strict@2' }, 'policy', 'its only version is 1'],
    [
      'is no name',
      { policy: 'No Name' },
      'policy',
      'must be the name of a policy; got "No Name"; write one such as "patient"',
    ],
    [
      'has a bad version',
      { policy: { use: 'patient@0' } },
      'policy.use',
      'write the name of a policy, such as "patient"',
    ],
    ['is no text', { policy: { use: 3 } }, 'policy.use', 'must be a text'],
    [
      'is no policy at all',
      { policy: 3 },
      'policy',
      'must be an object with `timeouts` and `retries`, or the name of a policy',
    ],
    ['comes with from', { policy: { use: 'patient', from: 'strict@1' } }, 'policy.from', 'leave it out'],
  ])('%s', (_, fields, path, message) => {
    expect(refuse({ image: 'a', ...fields })).toEqual([{ path, message: expect.stringContaining(message) }]);
  });

  it('is told with every other fault', () => {
    const faults = refuse({ image: 'a', user: '0', policy: { use: 'zzz', timeouts: { running: '0s', total: 1 } } });
    expect(faults.map(({ path }) => path)).toEqual(['policy.timeouts.total', 'policy.use', 'user']);
  });

  it('says that the server has none where it has none', () => {
    expect(refuse({ image: 'a', policy: 'patient' }, policyBook([]))[0]!.message).toContain('the server has none');
  });

  it('is refused in the spec of a run, which has no names in it', () => {
    expect(validateSpec({ image: 'a', policy: 'patient' }).faults).toEqual([
      { path: 'policy', message: expect.stringContaining('which only a submission can') },
    ]);
  });

  it('is told as such where an earlier Trainyard kept what this one does not take', () => {
    const stale = policyBook([{ name: 'old', version: 7, policy: { timeouts: { nap: '1h' } } as object }]);
    expect(refuse({ image: 'a', policy: 'old' }, stale)).toEqual([
      {
        path: 'policy',
        message: expect.stringMatching(/^the policy old@7 has what this server does not take: timeouts.nap/),
      },
    ]);
  });
});

describe('the reference of a submission', () => {
  it('is found where the check finds it, and pins what was checked', () => {
    const spot = fc.constantFrom('patient', 'strict', 'patient@1', 'zzz', 'No', 3, null);
    const policy = fc.oneof(
      spot,
      fc.record({ use: spot, timeouts: fc.constantFrom({ grace: '5s' }, {}) }, { requiredKeys: [] }),
      fc.jsonValue({ maxDepth: 1 }),
    );
    const submissions = fc.record(
      { recipe: fc.constantFrom('named', 'over', 'own', 'none', 5), image: fc.constant('a'), policy },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(submissions, (submission) => {
        const reference = policyOf(submission, RECIPES);
        const check = validateSubmission(submission, RECIPES, POLICIES);
        if (check.faults !== undefined) return;
        expect(check.spec.policy.from === undefined).toBe(reference === null);
        if (reference === null) return;
        const pinned = pinPolicy(submission as RunSubmission, check.spec.policy.from!);
        expect(policyOf(pinned, RECIPES)).toEqual(parsePolicyReference(check.spec.policy.from!));
        expect(validateSubmission(pinned, RECIPES, POLICIES)).toEqual(check);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([undefined, null, 'text', [], 3, { policy: [] }, { recipe: {} }])('of %j is none', (submission) => {
    expect(policyOf(submission, RECIPES)).toBeNull();
  });
});

describe('a named policy', () => {
  const faultsOf = (policy: unknown) =>
    faultsOfNamedPolicy(PolicyFileSchema, { name: 'mine', description: 'Mine.', policy });

  it('is checked as that of a run would be', () => {
    expect(faultsOf({ timeouts: { running: '2h', total: '1h' } })).toEqual([
      { path: 'policy.timeouts.running', message: expect.stringContaining('must be at most `policy.timeouts.total`') },
    ]);
    expect(faultsOf({ retries: { attempts: 0 } })).toHaveLength(1);
    expect(faultsOf({})).toEqual([]);
  });

  it.each([{ use: 'patient' }, { from: 'patient@1' }, 'patient', null, undefined, { retry: 1 }])(
    'cannot be %j',
    (policy) => {
      expect(faultsOf(policy)).toHaveLength(1);
    },
  );
});
