import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { openSecretFolder, SecretError } from '../../notify/secrets';
import { scratchFolder } from '../helpers/scratch-folder';

const scratch = scratchFolder();
const put = (name: string, content: string | Buffer) => writeFileSync(join(scratch.path, name), content);
const read = (name: string) => openSecretFolder(scratch.path).read(name);

it.each([
  ['s3cret', 's3cret'],
  ['s3cret\n', 's3cret'],
  ['s3cret\r\n', 's3cret'],
  [' s3 cret \n\n', ' s3 cret \n'],
])('reads %j as %j', async (content, secret) => {
  put('HOOK_KEY', content);
  expect(await read('HOOK_KEY')).toBe(secret);
});

it('reads a new value as soon as it is there, also through a link as Kubernetes makes them', async () => {
  mkdirSync(join(scratch.path, '..data'));
  put('..data/KEY', 'one');
  symlinkSync('..data/KEY', join(scratch.path, 'KEY'));
  const secrets = openSecretFolder(scratch.path);
  expect(await secrets.read('KEY')).toBe('one');
  put('..data/KEY', 'two');
  expect(await secrets.read('KEY')).toBe('two');
});

it.each(['', '..', '.', '../KEY', '/etc/passwd', 'a/b', 'a.b', '1A', 'a\0', 'A'.repeat(129)])(
  'takes %j for no name, whatever lies there',
  async (name) => {
    await expect(read(name)).rejects.toThrow(SecretError);
    await expect(read(name)).rejects.toThrow('cannot be the name of a secret');
  },
);

it.each<[string, string, () => void]>([
  ['is not there', 'there is no secret KEY; put it into a file of that name in secrets.folder', () => {}],
  ['is empty', 'the secret KEY is empty', () => put('KEY', '\n')],
  ['is too large', 'the secret KEY is larger than 65536 bytes', () => put('KEY', Buffer.alloc(65_537, 'a'))],
  ['is a folder', 'the secret KEY is no file', () => mkdirSync(join(scratch.path, 'KEY'))],
  // Nobody writes into it: reading it would wait for ever.
  ['is a pipe', 'the secret KEY is no file', () => execFileSync('mkfifo', [join(scratch.path, 'KEY')])],
  ['is a link in a circle', 'cannot be read (ELOOP)', () => symlinkSync('KEY', join(scratch.path, 'KEY'))],
])('says so where a secret %s', async (_, message, prepare) => {
  prepare();
  await expect(read('KEY')).rejects.toThrow(SecretError);
  await expect(read('KEY')).rejects.toThrow(message);
});

it('says what to set where there is no folder', async () => {
  await expect(openSecretFolder('').read('KEY')).rejects.toThrow('set secrets.folder (TRAINYARD_SECRETS)');
});
