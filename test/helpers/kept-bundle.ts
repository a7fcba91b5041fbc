import { createHash } from 'node:crypto';
import { access, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

const ROOT = resolve(__dirname, '../..');
/** What the workflows are made of. */
const SOURCES = ['contract', 'policy', 'workflows', 'package-lock.json'];
const DAY_MS = 86_400_000;
const CACHE = join(ROOT, 'node_modules', '.cache', 'trainyard-test');

/**
 * Where a bundle of the workflows is that was made of the sources as they are; `make` is asked only where there is none. To
 * make one takes seconds of a processor, and many tests and the workers that they start need it.
 */
export async function keptBundle(make: () => Promise<{ code: string }>): Promise<string> {
  const codePath = join(CACHE, `workflows-${await hashOfSources()}.js`);
  if (await exists(codePath)) return codePath;
  const { code } = await make();
  await removeOld();
  // Moved into place, so that nobody finds half of it.
  const aside = `${codePath}.${process.pid}`;
  await writeFile(aside, code);
  await rename(aside, codePath);
  return codePath;
}

async function hashOfSources(): Promise<string> {
  const hash = createHash('sha256');
  for (const source of SOURCES) {
    for (const path of await filesOf(join(ROOT, source))) hash.update(path).update(await readFile(path));
  }
  return hash.digest('hex').slice(0, 16);
}

async function filesOf(path: string): Promise<string[]> {
  if ((await stat(path)).isFile()) return [path];
  const entries = await readdir(path, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Other tests may be reading one of sources that were changed just now; one of yesterday is nobody's. */
async function removeOld(): Promise<void> {
  await mkdir(CACHE, { recursive: true });
  for (const name of await readdir(CACHE)) {
    const path = join(CACHE, name);
    const made = await stat(path).catch(() => null);
    if (made !== null && Date.now() - made.mtimeMs > DAY_MS) await rm(path, { force: true, recursive: true });
  }
}
