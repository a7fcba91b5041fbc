import type { PolicyFile } from '../../contract/named-policy';
import { readPolicyBook } from '../../store/policy-book';
import { PolicyInFileError, type PolicyStore } from '../../store/policy-store';
import { openPolicyStore } from '../../store/sqlite-policy-store';
import { openRunStore } from '../../store/sqlite-run-store';
import { scratchFolder } from '../helpers/scratch-folder';
import { startStoreChild } from '../helpers/store-child';

const scratch = scratchFolder();
let store: PolicyStore;
beforeEach(async () => {
  store = await openPolicyStore(scratch.path);
});
afterEach(async () => store.close());

function sample(attempts: number, more: Partial<PolicyFile> = {}): PolicyFile {
  return { name: 'mine', description: 'Mine.', policy: { retries: { attempts } }, ...more };
}

const inFile = (policy: PolicyFile) => ({ ...policy, file: `/policies/${policy.name}.yaml` });

describe('a policy that is put', () => {
  it('is version 1, and comes back as it was written', async () => {
    const { policy, isNew } = await store.put(sample(3));
    expect(isNew).toBe(true);
    expect(policy).toEqual({
      ...sample(3),
      version: 1,
      createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
      file: null,
      deletedAt: null,
    });
    expect(await store.find('mine', null)).toEqual(policy);
    expect(await store.find('mine', 1)).toEqual(policy);
    expect(await store.list()).toEqual([policy]);
  });

  it('is no new version where the newest has the same content, in whatever order', async () => {
    const policy = { timeouts: { running: '1h', total: '2h' }, retries: { attempts: 2, delay: '1s' } };
    const turned = { retries: { delay: '1s', attempts: 2 }, timeouts: { total: '2h', running: '1h' } };
    const first = await store.put(sample(1, { policy }));
    expect(await store.put(sample(1, { policy: turned }))).toEqual({ policy: first.policy, isNew: false });
  });

  it('is a new version where anything is another, also what an older one had', async () => {
    for (const policy of [sample(1), sample(2), sample(1), sample(1, { description: 'Other.' })])
      await store.put(policy);
    expect((await store.versions('mine')).map(({ version, policy }) => [version, policy.retries?.attempts])).toEqual([
      [4, 1],
      [3, 1],
      [2, 2],
      [1, 1],
    ]);
    expect(await store.list()).toMatchObject([{ version: 4, description: 'Other.' }]);
  });

  it('stays when the store is opened again, beside the runs', async () => {
    await store.put(sample(3));
    const runs = await openRunStore(scratch.path);
    const again = await openPolicyStore(scratch.path);
    expect(await again.find('mine', 1)).toMatchObject(sample(3));
    await again.close();
    await runs.close();
  });
});

describe('a policy that is deleted', () => {
  beforeEach(async () => {
    await store.put(sample(1));
    await store.put(sample(2));
    expect(await store.delete('mine')).toBe(true);
  });

  it('is in no list, and can be read by who knows it', async () => {
    expect(await store.list()).toEqual([]);
    expect(await store.find('mine', 1)).toMatchObject({ version: 1, deletedAt: expect.any(String) });
    expect(await store.versions('mine')).toHaveLength(2);
    expect(await store.delete('mine')).toBe(false);
    expect(await store.delete('unknown')).toBe(false);
  });

  it('can be used again once it is put again, and its numbers go on', async () => {
    expect(await store.put(sample(2))).toMatchObject({ isNew: false, policy: { version: 2, deletedAt: null } });
    await store.delete('mine');
    expect(await store.put(sample(5))).toMatchObject({ isNew: true, policy: { version: 3, deletedAt: null } });
  });
});

describe('policies in files', () => {
  it('are imported once, and again where they changed', async () => {
    const files = [inFile(sample(1)), inFile(sample(2, { name: 'other' }))];
    expect(await store.importFiles(files)).toEqual({ added: ['mine@1', 'other@1'], deleted: [] });
    expect(await store.importFiles(files)).toEqual({ added: [], deleted: [] });
    expect(await store.importFiles([inFile(sample(7)), files[1]!])).toEqual({ added: ['mine@2'], deleted: [] });
    expect(await store.find('mine', null)).toMatchObject({ version: 2, file: '/policies/mine.yaml' });
  });

  it('can be changed and deleted nowhere else', async () => {
    await store.importFiles([inFile(sample(1))]);
    const refused = new PolicyInFileError('mine', '/policies/mine.yaml');
    await expect(store.put(sample(2))).rejects.toEqual(refused);
    await expect(store.delete('mine')).rejects.toEqual(refused);
    expect(await store.versions('mine')).toHaveLength(1);
  });

  it('are deleted with their file, and free for the API after that', async () => {
    await store.importFiles([inFile(sample(1))]);
    await store.put(sample(9, { name: 'api' }));
    expect(await store.importFiles([])).toEqual({ added: [], deleted: ['mine'] });
    expect((await store.list()).map(({ name }) => name)).toEqual(['api']);
    expect(await store.put(sample(2))).toMatchObject({ policy: { version: 2, file: null, deletedAt: null } });
    expect(await store.importFiles([])).toEqual({ added: [], deleted: [] });
  });

  it('take a name over from the API', async () => {
    await store.put(sample(1));
    expect(await store.importFiles([inFile(sample(2))])).toEqual({ added: ['mine@2'], deleted: [] });
    await expect(store.put(sample(3))).rejects.toThrow('is kept in the file /policies/mine.yaml');
  });
});

it('gives each version once, however many processes import and put at the same moment', async () => {
  const at = String(Date.now() + 1_500);
  const children = [1, 2, 3].map(() => startStoreChild('import-policies', [scratch.path, at]));
  const added = (await Promise.all(children.map(async (child) => child.firstLine))).flatMap(
    (line) => JSON.parse(line) as string[],
  );
  const expected = ['patient@1', ...Array.from({ length: 20 }, (_, index) => `round-${index + 1}@1`)];
  expect(added.toSorted()).toEqual(expected.toSorted());
  expect(await store.versions('patient')).toHaveLength(1);
}, 60_000);

describe('the book of a submission', () => {
  beforeEach(async () => {
    await store.put(sample(1));
    await store.put(sample(2));
    await store.put(sample(1, { name: 'other' }));
  });

  it('has the version that it refers to, the newest without a number', async () => {
    for (const [version, attempts] of [
      [null, 2],
      [1, 1],
    ] as const) {
      const reference = { name: 'mine', version };
      const book = await readPolicyBook(store, reference, { alsoDeleted: false });
      expect(book.get(reference)).toMatchObject({ policy: { retries: { attempts } } });
    }
  });

  it('has what there is instead of what there is not', async () => {
    const book = await readPolicyBook(store, { name: 'mine', version: 9 }, { alsoDeleted: false });
    expect([book.get({ name: 'mine', version: 9 }), book.names(), book.newest('mine')]).toEqual([
      undefined,
      ['mine', 'other'],
      2,
    ]);
  });

  it('needs no store for a submission without a reference', async () => {
    const broken = { find: async () => Promise.reject(new Error('away')) } as unknown as PolicyStore;
    expect((await readPolicyBook(broken, null, { alsoDeleted: false })).names()).toEqual([]);
  });

  it('has a deleted policy only by number, and only where that is asked for', async () => {
    await store.delete('mine');
    const has = async (version: number | null, alsoDeleted: boolean) =>
      (await readPolicyBook(store, { name: 'mine', version }, { alsoDeleted })).get({ name: 'mine', version }) !==
      undefined;
    expect([await has(null, false), await has(1, false), await has(null, true), await has(1, true)]).toEqual([
      false,
      false,
      false,
      true,
    ]);
  });
});
