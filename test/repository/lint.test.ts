import { join } from 'node:path';

import { makeScratchProject, REPOSITORY, runTool, type ScratchProject } from './scratch-project';

const FLOATING = 'async function work(): Promise<void> {}\nexport function start(): void {\n  work();\n}\n';
const MISUSED = 'export const all = [1].forEach(async (one) => {\n  await Promise.resolve(one);\n});\n';
const NOT_EXHAUSTIVE = `
export function weigh(kind: 'a' | 'b'): number {
  switch (kind) {
    case 'a':
      return 1;
  }
  return 2;
}
`;
const reads = (module: string) => `import * as it from '${module}';\nexport const use: unknown = it;\n`;
const lines = (count: number) => 'export {};\n'.repeat(count);

/** What .oxlintrc.json must refuse: the rule, the file that the fault is planted in, and the fault. */
const REFUSED: [rule: string, file: string, content: string][] = [
  ['no-floating-promises', 'api/floating.ts', FLOATING],
  ['no-floating-promises', 'test/floating.test.ts', FLOATING],
  ['no-misused-promises', 'api/misused.ts', MISUSED],
  ['await-thenable', 'api/await.ts', 'export async function wait(): Promise<void> {\n  await 1;\n}\n'],
  ['switch-exhaustiveness-check', 'policy/switch.ts', NOT_EXHAUSTIVE],
  ['only-throw-error', 'api/throw.ts', "export function fail(): never {\n  throw { text: 'no' };\n}\n"],
  ['consistent-type-imports', 'api/types.ts', "import { A } from './a';\nexport const b: A = 1;\n"],
  ['no-explicit-any', 'api/any.ts', 'export const a: any = 1;\n'],
  ['no-nodejs-modules', 'workflows/node.ts', reads('node:fs')],
  ['no-nodejs-modules', 'workflows/bare.ts', reads('path')],
  ['no-nodejs-modules', 'policy/node.ts', reads('node:timers/promises')],
  ['no-nodejs-modules', 'contract/node.ts', reads('node:crypto')],
  ['no-restricted-globals', 'workflows/global.ts', 'export const here = process.pid;\n'],
  ['no-restricted-properties', 'policy/clock.ts', 'export const now = Date.now();\n'],
  ['no-restricted-properties', 'contract/chance.ts', 'export const chance = Math.random();\n'],
  ['no-process-env', 'api/env.ts', 'export const home = process.env.HOME;\n'],
  ['no-process-exit', 'server/exit.ts', 'export function stop(): never {\n  process.exit(1);\n}\n'],
  ['no-console', 'worker/print.ts', "console.log('hello');\n"],
  ['no-empty', 'store/swallow.ts', 'try {\n  JSON.parse("");\n} catch {}\n'],
  ['no-nested-ternary', 'api/ternary.ts', 'export const pick = (a: number) => (a > 2 ? 1 : a > 1 ? 2 : 3);\n'],
  ['no-param-reassign', 'api/param.ts', 'export function one(a: number): number {\n  a = 1;\n  return a;\n}\n'],
  ['no-default-export', 'api/default.ts', 'export default 1;\n'],
  ['filename-case', 'api/camelCase.ts', 'export const a = 1;\n'],
  ['max-lines', 'api/long.ts', lines(251)],
  ['max-lines', 'test/long.test.ts', lines(401)],
  ['max-lines-per-function', 'api/function.ts', `export function long(): void {\n${'  void 0;\n'.repeat(40)}}\n`],
  // Faults that are planted, as all of these: nothing is skipped by them.
  ['no-focused-tests', 'test/focus.test.ts', "test.only('one', () => {});\n"],
  ['no-disabled-tests', 'test/skip.test.ts', "test.skip('one', () => {});\n"],
];

/** What is allowed in some places only. */
const ACCEPTED: [why: string, file: string, content: string][] = [
  ['a command line prints', 'cli/print.ts', "console.log('hello');\n"],
  ['a main file reads the environment', 'api/main.ts', 'export const home = process.env.HOME;\n'],
  ['a main file ends the process', 'worker/main.ts', 'process.exit(0);\n'],
  ['the edge uses Node', 'docker/node.ts', reads('node:fs')],
  ['a test file may be longer', 'test/fairly-long.test.ts', lines(400)],
  ['a source file of the allowed length', 'api/fairly-long.ts', lines(250)],
];

describe('the lint rules', () => {
  let project: ScratchProject;
  let found: { rule: string; file: string }[];

  beforeAll(async () => {
    project = makeScratchProject(['.oxlintrc.json']);
    project.write({ 'tsconfig.json': SCRATCH_TSCONFIG, 'api/a.ts': 'export type A = number;\n' });
    for (const [, file, content] of [...REFUSED, ...ACCEPTED]) project.write({ [file]: content });
    found = await lint(project.folder);
  });

  afterAll(() => project.remove());

  test.each(REFUSED)('%s is refused in %s', (rule, file) => {
    expect(found).toContainEqual({ rule, file });
  });

  test.each(ACCEPTED)('%s (%s)', (_, file) => {
    expect(found.filter((one) => one.file === file)).toEqual([]);
  });
});

const SCRATCH_TSCONFIG = JSON.stringify({
  compilerOptions: {
    strict: true,
    target: 'es2022',
    module: 'nodenext',
    types: ['node', 'jest'],
    typeRoots: [join(REPOSITORY, 'node_modules/@types')],
    noEmit: true,
  },
});

async function lint(folder: string): Promise<{ rule: string; file: string }[]> {
  const printed = await runTool('oxlint/bin/oxlint', ['--type-aware', '--format', 'json'], folder);
  const { diagnostics } = JSON.parse(printed) as { diagnostics: { code: string; filename: string }[] };
  return diagnostics.map(({ code, filename }) => ({ rule: /\((.+)\)/.exec(code)?.[1] ?? code, file: filename }));
}
