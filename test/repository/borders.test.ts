import { makeScratchProject, REPOSITORY, runTool, type ScratchProject } from './scratch-project';

/** Imports that .dependency-cruiser.cjs must refuse, by the rule that does: `[from, to]` without `.ts`, or a package. */
const FORBIDDEN: Record<string, [from: string, to: string][]> = {
  'contract-imports': [['contract/faulty', 'policy/fine']],
  'contract-packages': [['contract/faulty', 'fastify']],
  'policy-imports': [['policy/faulty', 'workflows/fine']],
  'policy-packages': [['policy/faulty', '@temporalio/workflow']],
  'workflows-imports': [
    ['workflows/faulty', 'activities/fine'],
    ['workflows/faulty', 'docker/engine'],
  ],
  'workflows-packages': [['workflows/faulty', '@temporalio/client']],
  'config-imports': [['config/faulty', 'store/run-store']],
  'config-packages': [['config/faulty', 'fastify']],
  'docker-imports': [['docker/faulty', 'store/run-store']],
  'docker-packages': [['docker/faulty', 'fastify']],
  'process-imports': [
    ['process/faulty', 'host/fine'],
    ['process/faulty', 'docker/dockerode-engine'],
  ],
  'process-packages': [['process/faulty', 'pino']],
  'store-imports': [['store/faulty', 'docker/engine']],
  'store-packages': [['store/faulty', 'fastify']],
  'notify-imports': [
    ['notify/faulty', 'config/fine'],
    ['notify/faulty', 'store/run-store'],
  ],
  'notify-packages': [['notify/faulty', 'pino']],
  'host-imports': [
    ['host/faulty', 'activities/fine'],
    ['host/faulty', 'docker/dockerode-engine'],
  ],
  'control-imports': [
    ['control/faulty', 'store/fine'],
    ['control/faulty', 'workflows/fine'],
  ],
  'control-packages': [['control/faulty', '@temporalio/client']],
  'host-packages': [['host/faulty', '@temporalio/client']],
  'activities-imports': [
    ['activities/faulty', 'workflows/fine'],
    ['activities/faulty', 'store/fine'],
    ['activities/faulty', 'docker/dockerode-engine'],
    ['activities/faulty', 'notify/fine'],
  ],
  'activities-packages': [['activities/faulty', 'fastify']],
  'api-imports': [
    ['api/faulty', 'docker/engine'],
    ['api/faulty', 'store/fine'],
    ['api/faulty', 'workflows/fine'],
    ['api/faulty', 'store/sqlite-policy-store'],
    ['api/faulty', 'notify/sender'],
  ],
  'api-main-imports': [['api/main', 'docker/engine']],
  'api-packages': [['api/faulty', '@temporalio/worker']],
  'worker-imports': [['worker/faulty', 'api/fine']],
  'worker-packages': [['worker/faulty', 'fastify']],
  'doctor-imports': [['doctor/faulty', 'store/run-store']],
  'doctor-packages': [['doctor/faulty', 'fastify']],
  'server-imports': [['server/faulty', 'store/run-store']],
  'server-packages': [['server/faulty', 'fastify']],
  'cli-imports': [
    ['cli/faulty', 'server/fine'],
    ['cli/faulty', 'doctor/fine'],
    ['cli/faulty', 'test/fine'],
  ],
  'cli-commands-up-imports': [['cli/commands/up', 'doctor/fine']],
  'cli-commands-doctor-imports': [['cli/commands/doctor', 'server/fine']],
  'cli-packages': [['cli/faulty', '@temporalio/client']],
  'dockerode-in-one-place': [['docker/faulty', 'dockerode']],
  'declared-packages': [['api/faulty-dev', 'ws']],
  resolvable: [['api/faulty', 'contract/missing']],
  'no-cycles': [['contract/circle-a', 'contract/circle-b']],
  // The cruiser reports what nothing reaches as if it imported itself.
  'no-dead-modules': [['store/dead', 'store/dead']],
};

/** Imports that stand in the table, planted beside the others so that a rule that refuses everything is seen too. */
const ALLOWED: [from: string, to: string][] = [
  ['contract/fine', '@sinclair/typebox'],
  ['contract/fine', 're2js'],
  ['policy/fine', 'contract/fine'],
  ['workflows/fine', 'policy/fine'],
  ['workflows/fine', '@temporalio/workflow'],
  ['docker/dockerode-engine', 'dockerode'],
  ['activities/fine', 'docker/engine'],
  ['activities/fine', 'host/fine'],
  ['process/fine', 'docker/errors'],
  ['process/fine', 'docker/cgroup-usage'],
  ['store/fine', 're2js'],
  ['host/fine', 'store/log-end'],
  ['api/fine', 'store/log-patterns'],
  ['api/fine', 'store/json-hash'],
  ['activities/fine', 'notify/sender'],
  ['notify/fine', 'contract/fine'],
  ['host/fine', 'store/run-store'],
  ['control/fine', 'store/run-store'],
  ['api/main', 'store/fine'],
  ['api/fine', 'workflows/messages'],
  ['api/fine', 'policy/fine'],
  ['api/fine', 'store/policy-store'],
  ['activities/fine', 'store/policy-book'],
  ['api/fine', 'notify/addresses'],
  ['cli/commands/up', 'server/fine'],
  ['cli/commands/doctor', 'doctor/fine'],
];

interface Violation {
  rule: string;
  from: string;
  to: string;
}

describe('the borders between folders', () => {
  let project: ScratchProject;
  let violations: Violation[];

  beforeAll(async () => {
    project = makeScratchProject(['.dependency-cruiser.cjs']);
    plant(project, [...Object.values(FORBIDDEN).flat(), ...ALLOWED, ['contract/circle-b', 'contract/circle-a']]);
    violations = await cruise(project.folder);
  });

  afterAll(() => project.remove());

  test.each(Object.entries(FORBIDDEN).flatMap(([rule, imports]) => imports.map((pair) => [rule, ...pair] as const)))(
    '%s refuses that %s imports %s',
    (rule, from, to) => {
      const found = violations.filter((violation) => violation.rule === rule).map(({ from, to }) => [from, to]);

      expect(found).toContainEqual([`${from}.ts`, target(to)]);
    },
  );

  test('every rule has a planted fault', () => {
    const { forbidden } = require(`${REPOSITORY}/.dependency-cruiser.cjs`) as { forbidden: { name: string }[] };

    expect(Object.keys(FORBIDDEN).sort()).toEqual(forbidden.map(({ name }) => name).sort());
  });

  test.each(ALLOWED)('%s may import %s', (from, to) => {
    const against = violations.filter((violation) => violation.from === `${from}.ts` && violation.to === target(to));

    expect(against).toEqual([]);
  });

  test('the source keeps to them', async () => {
    expect(await cruise(REPOSITORY)).toEqual([]);
  });
});

function plant(project: ScratchProject, imports: [string, string][]): void {
  const files: Record<string, string> = {};
  const packages = new Set(imports.map(([, to]) => to).filter(isPackage));
  for (const [from, to] of imports) {
    const up = '../'.repeat(from.split('/').length - 1);
    const line = from === to ? 'export {};' : `import '${isPackage(to) ? to : up + to}';`;
    files[`${from}.ts`] = `${files[`${from}.ts`] ?? ''}${line}\n`;
    if (!isPackage(to) && !to.endsWith('/missing')) files[`${to}.ts`] ??= 'export {};\n';
  }
  for (const name of packages) {
    files[`node_modules/${name}/package.json`] = JSON.stringify({ name, version: '1.0.0', main: 'index.js' });
    files[`node_modules/${name}/index.js`] = '';
  }
  const [dev, live] = [['ws'], [...packages].filter((name) => name !== 'ws')].map((names) =>
    Object.fromEntries(names.map((name) => [name, '1.0.0'])),
  );
  project.write({ ...files, 'package.json': JSON.stringify({ dependencies: live, devDependencies: dev }) });
}

async function cruise(folder: string): Promise<Violation[]> {
  const args = ['--config', '.dependency-cruiser.cjs', '--output-type', 'json', '.'];
  const report = JSON.parse(await runTool('dependency-cruiser/bin/dependency-cruise.mjs', args, folder)) as {
    summary: { violations: { rule: { name: string }; from: string; to: string }[] };
  };
  return report.summary.violations.map(({ rule, from, to }) => ({ rule: rule.name, from, to }));
}

const isPackage = (name: string) => name.startsWith('@') || !name.includes('/');

function target(to: string): string {
  if (isPackage(to)) return `node_modules/${to}/index.js`;
  return to.endsWith('/missing') ? `../${to}` : `${to}.ts`;
}
