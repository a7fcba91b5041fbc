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

it('networks of killed tests go with their containers, and those of others stay', async () => {
  const network = async (labels: Record<string, string>): Promise<string> => {
    const { name } = test.plan();
    await engine.ensureNetwork({ name, labels, internal: true });
    return name;
  };
  const dead = { [LABELS.installation]: nameOfAnother('gang') };
  const left = await network(dead);
  const used = await network(dead);
  const ours = await network(test.label);
  const users = await network({ [LABELS.installation]: 'lab-p1-1' });
  const node = await engine.createContainer({
    ...test.plan({ command: ['sleep', '60'] }),
    labels: dead,
    network: used,
  });
  await engine.startContainer(node.id);
  try {
    const removed = await removeLeftByTests(engine);

    expect(removed).toEqual(expect.arrayContaining([left, used]));
    expect(removed).not.toContain(ours);
    const there = (await engine.listNetworks({})).map(({ name }) => name);
    expect([left, used, ours, users].map((name) => there.includes(name))).toEqual([false, false, true, true]);
  } finally {
    for (const name of [left, used, ours, users]) await engine.removeNetwork(name);
  }
});

it('a name of this process is of one that lives', () => {
  expect(testName('test')).toMatch(new RegExp(`^test-p${process.pid}-\\d+-[0-9a-f]{12}$`));
});
