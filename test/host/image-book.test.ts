import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { openImageBook, type ImageBook } from '../../host/image-book';
import { scratchFolder } from '../helpers/scratch-folder';
import { QUIET } from './helpers';

const scratch = scratchFolder();
const file = (): string => join(scratch.path, 'images/one.json');

function open(now = (): number => 0): ImageBook {
  return openImageBook({ config: { data: scratch.path, host: { name: 'one' } }, log: QUIET, now });
}

async function contentOf(book: ImageBook): Promise<unknown> {
  return Object.fromEntries(await book.entries());
}

it('is still there for the next worker: what was pulled, by which names, and when it was used', async () => {
  const book = open(() => 1000);
  await Promise.all([book.pulled('sha256:1', 'a:1'), book.pulled('sha256:1', 'b:1'), book.pulled('sha256:2', 'c:1')]);
  await book.forget('sha256:2');

  expect(await contentOf(open())).toEqual({
    'sha256:1': { references: ['a:1', 'b:1'], usedAt: '1970-01-01T00:00:01.000Z' },
  });
});

it('notes each use, and writes it down once in a while', async () => {
  let now = 0;
  const book = open(() => now);
  await book.pulled('sha256:1', 'a:1');
  now = 30_000;
  await book.used('sha256:1');
  expect((await book.entries()).get('sha256:1')?.usedAt).toBe('1970-01-01T00:00:30.000Z');
  expect(readFileSync(file(), 'utf8')).toContain('1970-01-01T00:00:00.000Z');
  now = 90_000;
  await book.used('sha256:1');
  expect(readFileSync(file(), 'utf8')).toContain('1970-01-01T00:01:30.000Z');
});

it('takes no note of an image that it did not pull', async () => {
  const book = open();
  await book.used('sha256:1');
  expect(await contentOf(book)).toEqual({});
});

it('begins anew where its file cannot be read, and costs no pull where it cannot be written', async () => {
  mkdirSync(join(scratch.path, 'images'));
  writeFileSync(file(), 'half of it');
  const book = open();
  rmSync(join(scratch.path, 'images'), { recursive: true });
  writeFileSync(join(scratch.path, 'images'), 'in the way');

  await expect(book.pulled('sha256:1', 'a:1')).resolves.toBeUndefined();
  expect((await book.entries()).has('sha256:1')).toBe(true);
});
