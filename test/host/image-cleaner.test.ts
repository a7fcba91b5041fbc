import type { HostDisk } from '../../contract/host';
import { openImageBook, type ImageBook } from '../../host/image-book';
import { startImageCleaner } from '../../host/image-cleaner';
import { testEngine } from '../helpers/engine';
import { startRegistry, type TestRegistry } from '../helpers/registry';
import { scratchFolder } from '../helpers/scratch-folder';
import { until } from '../helpers/until';
import { QUIET } from './helpers';

const { engine, plan, dispose } = testEngine();
const scratch = scratchFolder();
let registry: TestRegistry;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(async () => {
  await dispose();
  await registry.stop();
});

/** Long after everything that a test pulled. */
const later = (): number => Date.now() + 3_600_000;

interface Cleaning {
  book: ImageBook;
  /** What the disk says: first, and after each removal; the last again and again. */
  percents: number[];
  neededImages?: () => Promise<string[]>;
}

/** Cleans until `isDone`; returns how often the disk was looked at. */
async function cleaning(
  { book, percents, neededImages = async () => [] }: Cleaning,
  isDone: (looks: number) => unknown,
) {
  let looks = 0;
  const look = async (): Promise<HostDisk[]> => {
    const usedPercent = percents[Math.min(looks, percents.length - 1)]!;
    looks += 1;
    return [{ use: 'engine', path: '/engine', freeBytes: 0, totalBytes: 0, usedPercent }];
  };
  const config = { host: { disk: { cleanAt: 80 } } };
  const deps = { engine, disks: { look }, images: book, neededImages, config, log: QUIET, everyMs: 20, now: later };
  const cleaner = startImageCleaner(deps);
  try {
    await until(async () => isDone(looks));
  } finally {
    await cleaner.stop();
  }
}

/** Pulls new images as the host does, the first one used longest ago. */
async function pulled(book: ImageBook, ...names: string[]): Promise<string[]> {
  const references: string[] = [];
  for (const name of names) {
    const { reference } = await registry.pushRandom(`${name}:1`, 2000);
    const { id } = await engine.pullImage(reference, { silenceMs: 30_000, signal: AbortSignal.timeout(30_000) });
    await book.pulled(id, reference);
    references.push(reference);
  }
  return references;
}

const openBook = (): ImageBook => openImageBook({ config: { data: scratch.path, host: { name: 'one' } }, log: QUIET });
const isThere = async (reference: string): Promise<boolean> => (await engine.findImage(reference)) !== null;
const isGone = async (reference: string): Promise<boolean> => !(await isThere(reference));

it('removes the image used longest ago, and no more than it must', async () => {
  const book = openBook();
  const [old = '', young = ''] = await pulled(book, 'old', 'young');
  // At first, before the first removal, and after it: low enough.
  await cleaning({ book, percents: [80, 80, 75] }, (looks) => looks >= 4);

  expect(await isGone(old)).toBe(true);
  expect(await isThere(young)).toBe(true);
  expect((await book.entries()).size).toBe(1);
});

it('removes nothing below the mark', async () => {
  const book = openBook();
  const [kept = ''] = await pulled(book, 'below');
  await cleaning({ book, percents: [79] }, (looks) => looks >= 3);
  expect(await isThere(kept)).toBe(true);
});

it('goes on below the mark, so that not every pull has to remove one', async () => {
  const book = openBook();
  const [one = '', two = '', three = ''] = await pulled(book, 'first', 'second', 'third');
  await cleaning({ book, percents: [85, 85, 78, 74] }, (looks) => looks >= 5);
  expect([await isThere(one), await isThere(two), await isThere(three)]).toEqual([false, false, true]);
});

it('leaves what a container has, running or not, and what a run or a schedule needs', async () => {
  const book = openBook();
  const [used = '', needed = '', free = ''] = await pulled(book, 'used', 'needed', 'free');
  await engine.createContainer(plan({ image: used, command: ['nothing'] }));
  await cleaning({ book, percents: [99], neededImages: async () => [needed] }, () => isGone(free));

  expect([await isThere(used), await isThere(needed)]).toEqual([true, true]);
});

it('removes nothing while nobody can say what is needed', async () => {
  const book = openBook();
  const [kept = ''] = await pulled(book, 'unknown');
  const neededImages = async (): Promise<string[]> => {
    throw new Error('the store is away');
  };
  await cleaning({ book, percents: [99], neededImages }, (looks) => looks >= 3);
  expect(await isThere(kept)).toBe(true);
});

it('leaves what a run needs that came while another image was removed', async () => {
  const book = openBook();
  const [first = '', wanted = '', last = ''] = await pulled(book, 'goes', 'wanted', 'goes-too');
  const neededImages = async (): Promise<string[]> => ((await isThere(first)) ? [] : [wanted]);
  await cleaning({ book, percents: [99], neededImages }, () => isGone(last));

  expect([await isGone(first), await isThere(wanted)]).toEqual([true, true]);
});
