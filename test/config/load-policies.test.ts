import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ConfigError } from '../../config/config-error';
import { loadPolicies } from '../../config/load-policies';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'trainyard-policies-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);

function faultsOf(work: () => unknown): string[] {
  try {
    work();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message.split('\n').map((line) => line.trim().replace(`${folder}/`, ''));
  }
  throw new Error('it was taken');
}

it('reads each file of the folder that is a policy, by name', () => {
  write('strict.yaml', 'name: strict\ndescription: Strict.\npolicy: {}\n');
  write('patient.yaml', 'name: patient\ndescription: Patient.\npolicy:\n  retries: { attempts: 5 }\n');
  write('README.md', '# Not a policy');
  write('_draft.yaml', 'name: [');
  write('.hidden.yaml', 'name: [');

  expect(loadPolicies(folder)).toEqual([
    {
      name: 'patient',
      description: 'Patient.',
      policy: { retries: { attempts: 5 } },
      file: join(folder, 'patient.yaml'),
    },
    { name: 'strict', description: 'Strict.', policy: {}, file: join(folder, 'strict.yaml') },
  ]);
});

it('tells every fault of every file at once, with the file and the path', () => {
  write('a.yaml', 'name: b\ndescription: A.\npolicy: {}\n');
  write('c.yaml', 'name: c\npolicy:\n  timeouts: { running: 2h, total: 1h }\n  retries: { atempts: 3 }\n');
  write('d.yml', 'name: d\ndescription: D.\npolicy: {}\n');
  write('e.yaml', 'name: [');
  write('f.yaml', 'name: f\ndescription: F.\npolicy: { timeouts: { running: 2h, total: 1h } }\n');

  const mismatch = 'a.yaml: name must be the name of its file, "a"; got "b"';
  expect(faultsOf(() => loadPolicies(folder))).toEqual([
    'The policies cannot be used:',
    mismatch,
    expect.stringMatching(/^c.yaml: description is missing; say in a sentence/),
    'c.yaml: policy.retries.atempts unknown field `atempts`; did you mean `attempts`?',
    expect.stringMatching(/^d.yml: is not read: .* ends in ".yaml"; rename it$/),
    expect.stringMatching(/^e.yaml: is no YAML/),
    expect.stringMatching(/^f.yaml: policy.timeouts.running must be at most/),
  ]);
});

it('says which setting names the folder where it cannot be read', () => {
  expect(faultsOf(() => loadPolicies(join(folder, 'none')))[1]).toBe(
    'none: cannot be read (ENOENT); name the folder of the policies in TRAINYARD_POLICIES',
  );
});
