import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { WARN_SIGNAL_DEFAULT } from '../../contract/defaults';
import { SEARCH_ATTRIBUTES } from '../../contract/names';
import { RunSpecSchema } from '../../contract/spec';
import { validateSpec } from '../../contract/validate-spec';
import { hintRows, reasonRows, settingRows } from './code-facts';
import { FAULTS } from './document-faults';
import { markedTable, readDocuments } from './markdown';
import { REPOSITORY } from './scratch-project';

const documents = readDocuments();
const textOf = (path: string) => documents.find((document) => document.path === path)!.text;

describe.each(Object.entries(FAULTS))('each document %s', (_, faultsIn) => {
  test.each(documents)('$path', (document) => {
    expect(faultsIn(document)).toEqual([]);
  });
});

test.each([
  ['links to what exists', 'a [link](missing.md)'],
  ['links to what exists', 'a [link](README.md#no-such-heading)'],
  ['names only variables that something reads', 'set `TRAINYARD_NO_SUCH_THING`'],
  ['names only routes that the API has', '`GET /v1/nothing`'],
  ['names only routes that the API has', 'curl -s 127.0.0.1:8000/train/ID/nothing'],
  ['has run specs that are accepted as they stand', '```yaml run-spec\nimage: a\ncommand: true\n```\n'],
  ['shows commands and options that exist', '```bash\ntrainyard fly\n```\n'],
  ['shows commands and options that exist', '```bash\ntrainyard ls --fly\n```\n'],
  ['names files that exist', 'see script/nothing'],
  ['names npm scripts that exist', '`npm run nothing`'],
])('the check "%s" sees a fault in %j', (check, text) => {
  expect(FAULTS[check]!({ path: 'README.md', text })).toHaveLength(1);
});

describe('a table in a document is that of the code:', () => {
  test('end reasons', () => {
    expect(markedTable(textOf('docs/policy.md'), 'reasons')).toEqual(reasonRows());
  });

  test('hints', () => {
    expect(markedTable(textOf('docs/evidence.md'), 'hints')).toEqual(hintRows());
  });

  test('settings', () => {
    expect(markedTable(textOf('docs/operating.md'), 'settings')).toEqual(settingRows());
  });

  test('search attributes', () => {
    for (const name of SEARCH_ATTRIBUTES) {
      expect(textOf('docs/temporal.md')).toMatch(new RegExp(`^\\| \`${name}\` +\\|`, 'm'));
    }
  });

  test('timeouts and their defaults', () => {
    const table = /^\| `(\w+)` +\| (\d+\w+|off|SIG\w+) +\|/gm;
    const rows = [...textOf('docs/policy.md').matchAll(table)].map(([, ...row]) => row as [string, string]);
    const checked = validateSpec({ image: 'a' });

    const durations = rows.filter(([, value]) => /^\d/.test(value));
    expect(checked).toMatchObject({ spec: { policy: { timeouts: Object.fromEntries(durations) } } });
    expect(Object.fromEntries(rows)).toMatchObject({ silence: 'off', warn: 'off', warnSignal: WARN_SIGNAL_DEFAULT });
    expect(rows).toHaveLength(Object.keys(RunSpecSchema.properties.policy.properties.timeouts.properties).length);
  });
});

test('the list of guides is complete', () => {
  const guides = documents.map(({ path }) => /^docs\/([a-z]+\.md)$/.exec(path)?.[1]);
  const listed = guides.filter((guide) => guide !== undefined && guide !== 'README.md');

  expect(listed.length).toBeGreaterThan(3);
  for (const guide of listed) expect(textOf('docs/README.md')).toContain(`(${guide})`);
});

test('the README has a row for every folder', () => {
  const folders = [...textOf('README.md').matchAll(/^\| \[([a-z]+)\/\]/gm)].map(([, folder]) => folder!);
  const { include } = JSON.parse(readFileSync(join(REPOSITORY, 'tsconfig.json'), 'utf8')) as { include: string[] };

  expect(folders).toEqual(expect.arrayContaining([...include, 'recipes', 'policies', 'script', 'docs', 'deploy']));
});
