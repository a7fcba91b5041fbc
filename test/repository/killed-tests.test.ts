import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

import { LABELS } from '../../contract/names';
import { testEngine } from '../helpers/engine';
import { removeLeftByTests, testName } from '../helpers/test-owner';

const test = testEngine();
const { engine } = test;

afterAll(() => test.dispose());

/** A name that a process made which is gone. */
function nameOfAnother(kind: string): string {
  const code = `process.stdout.write(require('./test/helpers/test-owner.ts').testName('${kind}'))`;
  const root = join(__dirname, '../..');
  return execFileSync(process.execPath, ['-r', './test/helpers/typescript-hook.cjs', '-e', code], {
    cwd: root,
    encoding: 'utf8',
  });
}

const created = async (labels: Record<string, string>) => {
  const plan = test.plan();
  // Without the label of this file, which is what tells whose it is.
  const { id } = await engine.createContainer({ ...plan, labels });
  return { id, name: plan.name };
};

it('what killed tests left on the engine is removed before the next, and nothing of others', async () => {
  const left = await created({ [LABELS.installation]: nameOfAnother('two-hosts') });
  const both = await created({ 'trainyard.test': nameOfAnother('test'), [LABELS.installation]: nameOfAnother('test') });
  const ours = await created(test.label);
  const users = await created({ [LABELS.installation]: 'lab-p1-1', ...{ [LABELS.run]: 'run-abc' } });
  try {
    const removed = await removeLeftByTests(engine);

    expect(removed).toEqual(expect.arrayContaining([left.name, both.name]));
    expect(removed).not.toContain(ours.name);
    const there = await Promise.all([left, both, ours, users].map(({ id }) => engine.inspectContainer(id)));
    expect(there.map((info) => info !== null)).toEqual([false, false, true, true]);
  } finally {
    await engine.removeContainer(users.id);
  }
});

it('a name of this process is of one that lives', () => {
  expect(testName('test')).toMatch(new RegExp(`^test-p${process.pid}-\\d+-[0-9a-f]{12}$`));
});
