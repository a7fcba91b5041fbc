import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

import { parseDockerHost } from '../../docker/docker-host';
import { TEST_DOCKER_HOST } from './engine';

/** A real registry with nothing in it, in plain HTTP on 127.0.0.1, which engines allow without being told. */
export interface TestRegistry {
  /** `127.0.0.1:<port>`, the first part of the names of its images. */
  host: string;
  port: number;
  /** Copies an image of the engine into the registry as `name:tag`; returns its full name and digest. */
  push(image: string, nameAndTag: string): Promise<{ reference: string; digest: string }>;
  /** Pushes a new image of one layer of that many random bytes, which cannot be run. The engine itself keeps nothing of it. */
  pushRandom(nameAndTag: string, bytes: number): Promise<{ reference: string; digest: string }>;
  /** Ends the process and removes its folder, and from the engine the names that pushing and pulling left there. */
  stop(): Promise<void>;
}

/** Starts a registry on a free port. */
export async function startRegistry(): Promise<TestRegistry> {
  const folder = await mkdtemp(join(tmpdir(), 'trainyard-registry-'));
  const config = join(folder, 'config.yml');
  await writeFile(
    config,
    [
      'version: 0.1',
      'log: { level: info, accesslog: { disabled: true } }',
      `storage: { filesystem: { rootdirectory: ${join(folder, 'data')} } }`,
      'http: { addr: "127.0.0.1:0" }',
    ].join('\n'),
  );
  const registry = spawn(await registryBinary(), ['serve', config], { stdio: ['ignore', 'ignore', 'pipe'] });
  const port = await listeningPort(registry);
  const host = `127.0.0.1:${port}`;
  const push = async (image: string, nameAndTag: string) => {
    const [name = '', tag = 'latest'] = nameAndTag.split(':');
    await engineApi('POST', `/images/${image}/tag?repo=${host}/${name}&tag=${tag}`);
    const digest = await pushTag(`${host}/${name}`, tag);
    await engineApi('DELETE', `/images/${host}/${name}:${tag}`);
    return { reference: `${host}/${name}:${tag}`, digest };
  };
  const pushRandom = async (nameAndTag: string, bytes: number) => {
    const [name = '', tag = 'latest'] = nameAndTag.split(':');
    await engineApi('POST', `/images/create?fromSrc=-&repo=${host}/${name}&tag=${tag}`, tarOf(randomBytes(bytes)));
    const digest = await pushTag(`${host}/${name}`, tag);
    await engineApi('DELETE', `/images/${host}/${name}:${tag}`);
    return { reference: `${host}/${name}:${tag}`, digest };
  };
  const stop = async () => {
    await endProcess(registry);
    await rm(folder, { recursive: true, force: true });
    await removeImages(host);
  };
  return { host, port, push, pushRandom, stop };
}

/** Removes from the engine every image whose name begins with `prefix/`. */
export async function removeImages(prefix: string): Promise<void> {
  const images = JSON.parse(await engineApi('GET', '/images/json')) as {
    RepoTags: string[] | null;
    RepoDigests: string[] | null;
  }[];
  for (const { RepoTags, RepoDigests } of images) {
    const tags = (RepoTags ?? []).filter((name) => name.startsWith(`${prefix}/`));
    // Removing the last tag of a repository takes its digest along.
    const names = tags.length > 0 ? tags : (RepoDigests ?? []).filter((name) => name.startsWith(`${prefix}/`));
    for (const name of names) await engineApi('DELETE', `/images/${name}?force=true`);
  }
}

/** The binary that `script/bootstrap --test` has put down. */
async function registryBinary(): Promise<string> {
  const cache = process.env['TRAINYARD_CACHE'] ?? join(homedir(), '.cache', 'trainyard');
  const facts = await readFile(join(cache, 'env'), 'utf8').catch(() => '');
  const binary = process.env['TRAINYARD_REGISTRY_BIN'] ?? /^TRAINYARD_REGISTRY_BIN=(.+)$/m.exec(facts)?.[1];
  if (!binary) throw new Error('no registry for tests on this machine: run script/bootstrap --test');
  return binary;
}

async function listeningPort(registry: ChildProcess): Promise<number> {
  const seen: string[] = [];
  // The lines after that one are read, too: a full pipe would stop the registry.
  const lines = createInterface({ input: registry.stderr as Readable });
  return new Promise((resolve, reject) => {
    registry.once('error', reject);
    registry.once('exit', (code) => reject(new Error(`the registry ended with ${code}: ${seen.join('\n')}`)));
    lines.on('line', (line) => {
      seen.push(line);
      const port = /listening on 127\.0\.0\.1:(\d+)/.exec(line)?.[1];
      if (port) resolve(Number(port));
    });
  });
}

async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

async function pushTag(repository: string, tag: string): Promise<string> {
  const progress = await engineApi('POST', `/images/${repository}/push?tag=${tag}`);
  const digest = /digest: (sha256:[0-9a-f]{64})/.exec(progress)?.[1];
  if (!digest) throw new Error(`push of ${repository}:${tag} failed: ${progress.slice(-500)}`);
  return digest;
}

/** One request to the engine, without the code under test; fails with the engine's answer where that is an error. */
function engineApi(method: string, path: string, body?: Buffer): Promise<string> {
  const headers = { 'x-registry-auth': 'e30=', ...(body && { 'content-type': 'application/x-tar' }) };
  return new Promise((resolve, reject) => {
    const call = request({ ...parseDockerHost(TEST_DOCKER_HOST), method, path, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('error', reject).on('end', () => {
        if ((response.statusCode ?? 500) < 400) resolve(text);
        else reject(new Error(`${method} ${path}: ${response.statusCode} ${text}`));
      });
    });
    call.on('error', reject).end(body);
  });
}

/** A tar archive with one file. */
function tarOf(content: Buffer): Buffer {
  const header = Buffer.alloc(512);
  header.write('random.bin', 0);
  header.write('0000644\0' + '0000000\0'.repeat(2), 100);
  header.write(`${content.length.toString(8).padStart(11, '0')}\0${'0'.repeat(11)}\0`, 124);
  header.write(' '.repeat(8) + '0', 148);
  header.write('ustar\x0000', 257);
  const checksum = header.reduce((sum, byte) => sum + byte, 0);
  header.write(`${checksum.toString(8).padStart(6, '0')}\0 `, 148);
  const padding = Buffer.alloc((512 - (content.length % 512)) % 512);
  return Buffer.concat([header, content, padding, Buffer.alloc(1024)]);
}
