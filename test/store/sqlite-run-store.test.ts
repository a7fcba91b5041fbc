import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { DatabaseSync } from '@photostructure/sqlite';

import type { Run } from '../../contract/run';
import { StoreError } from '../../store/errors';
import { MIGRATIONS } from '../../store/migrations';
import type { RunQuery } from '../../store/run-store';
import { selectRuns } from '../../store/sqlite/list-runs';
import { migrate } from '../../store/sqlite/migrate';
import { DATABASE_FILE, openRunStore } from '../../store/sqlite-run-store';
import { scratchFolder } from '../helpers/scratch-folder';
import { startStoreChild } from '../helpers/store-child';
import { describeRunStore, NOW } from './run-store-suite';
import { sampleRun, sampleUpdate } from './sample-run';

describeRunStore('SQLite', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'trainyard-test-'));
  const opened = [await openRunStore(folder, { now: () => NOW })];
  return {
    store: opened[0]!,
    async reopen() {
      const again = await openRunStore(folder, { now: () => NOW });
      opened.push(again);
      return again;
    },
    async end() {
      for (const store of opened) await store.close();
      rmSync(folder, { recursive: true });
    },
  };
});

describe('the SQLite database', () => {
  const scratch = scratchFolder();
  const databasePath = (): string => join(scratch.path, DATABASE_FILE);
  const failureOf = async (folder: string): Promise<StoreError> => {
    const error: unknown = await openRunStore(folder).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(StoreError);
    return error as StoreError;
  };

  test('is made by one of several processes that open it at the same moment, and written by all of them', async () => {
    const at = String(Date.now() + 1_500);
    const children = ['a', 'b', 'c'].map((id) => startStoreChild('open-store', [scratch.path, at, id]));
    for (const child of children) expect(await child.firstLine).toBe('done');

    const store = await openRunStore(scratch.path);
    const feed = await store.readFeed(0, 1_000);
    const { total } = await store.stats();
    await store.close();

    expect(total).toBe(3);
    expect(feed).toHaveLength(150);
    expect(new Set(feed.map(({ position }) => position)).size).toBe(150);
  });

  test('is refused with a mend when a newer Trainyard has written it, and not changed', async () => {
    await (await openRunStore(scratch.path)).close();
    const database = new DatabaseSync(databasePath());
    database.exec(`INSERT INTO migrations VALUES (${MIGRATIONS.length + 1}, '2026-11-24')`);
    database.close();
    const before = readFileSync(databasePath());

    const error = await failureOf(scratch.path);

    expect(error.message).toMatch(/written by a newer Trainyard.*; start the newer version again, or restore a copy/);
    expect(readFileSync(databasePath())).toEqual(before);
  });

  test('gets each migration once, and keeps what is in it', () => {
    const database = new DatabaseSync(databasePath());
    const first = ['CREATE TABLE things (name TEXT)'];
    migrate(database, 'test.db', first);
    database.exec("INSERT INTO things VALUES ('kept')");

    migrate(database, 'test.db', [...first, 'ALTER TABLE things ADD COLUMN size INTEGER']);
    migrate(database, 'test.db', [...first, 'ALTER TABLE things ADD COLUMN size INTEGER']);

    expect({ ...(database.prepare('SELECT * FROM things').get() as object) }).toEqual({ name: 'kept', size: null });
    database.close();
  });

  test('has runs from before there were pools, in the default one', async () => {
    const before = new DatabaseSync(databasePath());
    migrate(before, databasePath(), MIGRATIONS.slice(0, 4));
    before.exec(`INSERT INTO runs (id, revision, name, state, attempt, created_at, image, labels, params)
      VALUES ('old', 1, 'old', 'queued', 0, '2026-11-24T03:00:00.000Z', 'a:1', '{}', '{}')`);
    before.close();

    const store = await openRunStore(scratch.path);
    const { run } = (await store.getRun('old'))!;
    const { total } = await store.countQueued('default');
    await store.close();

    expect(run).toMatchObject({ pool: 'default', project: 'default', owner: 'nobody', priority: 50, gpus: 0 });
    expect(total).toBe(1);
  });

  test('takes a report that was under way before there were pools', async () => {
    const store = await openRunStore(scratch.path);
    const { pool: _pool, priority: _priority, ...run } = sampleRun();
    await store.applyUpdate({ ...sampleUpdate(), run: run as Run });
    const stored = await store.getRun(run.id);
    await store.close();

    expect(stored!.run).toMatchObject({ pool: 'default', priority: 50 });
  });

  test('is left as it was by a migration that fails', () => {
    const database = new DatabaseSync(databasePath());

    expect(() =>
      migrate(database, 'test.db', ['CREATE TABLE things (name TEXT); CREATE TABLE things (name TEXT)']),
    ).toThrow();

    migrate(database, 'test.db', ['CREATE TABLE things (name TEXT)']);
    database.close();
  });

  test('says so when it is none', async () => {
    writeFileSync(databasePath(), 'This is a letter, not a database.\n'.repeat(200));

    expect((await failureOf(scratch.path)).message).toMatch(/is not an SQLite database .*; restore it from a copy/);
  });

  test('says so when it is damaged', async () => {
    await (await openRunStore(scratch.path)).close();
    const bytes = readFileSync(databasePath());
    bytes.fill(0x5a, 1024);
    const damaged = join(scratch.path, 'damaged');
    mkdirSync(damaged);
    writeFileSync(join(damaged, DATABASE_FILE), bytes);

    expect((await failureOf(damaged)).message).toMatch(/is damaged .*; restore it from a copy/);
  });

  test('says so when the data folder is a file', async () => {
    const path = join(scratch.path, 'file');
    writeFileSync(path, '');

    expect((await failureOf(path)).message).toMatch(/is not a folder; choose another path/);
    expect((await failureOf(join(path, 'below'))).message).toMatch(/is not a folder; choose another path/);
  });

  test('says so when the data folder cannot be written to or made', async () => {
    const folder = join(scratch.path, 'closed');
    mkdirSync(folder);
    chmodSync(folder, 0o555);
    chmodSync(scratch.path, 0o755);

    await withoutRoot(async () => {
      expect((await failureOf(folder)).message).toMatch(/cannot be written to \(EACCES\); give its owner/);
      expect((await failureOf(join(folder, 'below'))).message).toMatch(/cannot be made \(EACCES\); give its owner/);
    });
  });

  test('says so, and does not try for ever, when the parent of the data folder takes none', async () => {
    expect((await failureOf('/proc/trainyard')).message).toMatch(/cannot be used \(ENOENT\); choose another path/);
  });

  test.each<[string, Partial<RunQuery>]>([
    ['no filter', {}],
    ['a state', { state: ['failed'] }],
    ['several states', { state: ['failed', 'succeeded'] }],
    ['a recipe', { recipe: 'digits', state: ['failed'] }],
    ['a schedule', { schedule: 'nightly' }],
    ['the run that they repeat', { rerunOf: 'a', recipe: 'digits' }],
    ['an owner', { owner: 'ada', project: 'vision', state: ['failed'] }],
    ['a project', { project: 'vision' }],
    ['a pool', { pool: 'big', text: 'a' }],
    ['a project and what goes on in it', { project: 'vision', state: ['queued', 'running'] }],
    ['a label', { labels: { team: 'vision', size: 's' }, recipe: 'digits' }],
    ['times', { createdAfter: '2026-11-24T00:00:00Z', createdBefore: '2026-11-25T00:00:00Z' }],
  ])('reads a page of a list with %s off an index, without a scan or a sort', async (_, query) => {
    const store = await openRunStore(scratch.path);
    await store.applyUpdate(sampleUpdate({ id: 'a' }));
    await store.applyUpdate(sampleUpdate({ id: 'b' }));
    const { next } = await store.listRuns({ limit: 1 });
    const database = new DatabaseSync(databasePath());

    for (const cursor of [undefined, next!]) {
      const { sql, parameters } = selectRuns({ limit: 50, ...query, cursor });
      const plan = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...parameters) as { detail: string }[];
      // What is read for each of several states is at most a page long; that is scanned and sorted.
      const steps = plan.map(({ detail }) => detail).join('\n');
      const costly = steps.replaceAll(/SCAN \(subquery-\d+\)\nUSE TEMP B-TREE FOR ORDER BY/g, '');

      expect(costly).not.toMatch(/SCAN (?!r USING INDEX runs_by_time)|TEMP B-TREE/);
      expect(steps).toMatch(/USING (COVERING )?INDEX (runs_by_|labels_by_value)/);
    }
    database.close();
    await store.close();
  });
});

/** Root may write everywhere, so what root cannot do is tried as nobody. */
async function withoutRoot(work: () => Promise<void>): Promise<void> {
  const isRoot = process.geteuid!() === 0;
  if (isRoot) process.seteuid!(65_534);
  try {
    await work();
  } finally {
    if (isRoot) process.seteuid!(0);
  }
}
