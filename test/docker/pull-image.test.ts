import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { ImageInfo, PullOptions } from '../../docker/engine';
import {
  ImageAccessDeniedError,
  ImageNotFoundError,
  PullSilentError,
  RegistryUnavailableError,
} from '../../docker/errors';
import type { PullProgress } from '../../docker/pull-stream';
import { TEST_IMAGE, testEngine } from '../helpers/engine';
import { startProxy, type TestProxy } from '../helpers/proxy';
import { removeImages, startRegistry, type TestRegistry } from '../helpers/registry';

const MEGABYTE = 1024 ** 2;
const LAYER_BYTES = 12 * MEGABYTE;

const { engine, dispose } = testEngine();

let registry: TestRegistry;
let proxy: TestProxy;
let digest: string;

beforeAll(async () => {
  registry = await startRegistry();
  proxy = await startProxy({ port: registry.port });
  ({ digest } = await registry.pushRandom('random/one:1', LAYER_BYTES));
});

afterEach(async () => {
  proxy.limit(Infinity, 'stall');
  // An engine keeps a stalled download, and the next pull of that layer would join it.
  proxy.cutAll();
  await removeImages(registry.host);
  await removeImages(proxy.address);
});

afterAll(async () => {
  await proxy.stop();
  await registry.stop();
  await dispose();
});

function pull(reference: string, options: Partial<PullOptions> = {}): Promise<ImageInfo> {
  return engine.pullImage(reference, { silenceMs: 60_000, signal: new AbortController().signal, ...options });
}

test('a pull tells how it goes and returns the image with its digest', async () => {
  const seen: PullProgress[] = [];
  const image = await pull(`${registry.host}/random/one:1`, { onProgress: (progress) => seen.push(progress) });
  expect(image.digest).toBe(digest);
  expect(image).toEqual(await engine.findImage(image.id).then((found) => found && { ...found, digest }));
  expect(seen[0]).toEqual({ phase: 'resolving', currentBytes: 0, totalBytes: 0 });
  expect(seen.at(-1)?.phase).toBe('extracting');
  // Random bytes do not compress.
  expect(seen.at(-1)?.currentBytes).toBeGreaterThanOrEqual(LAYER_BYTES);
  expect(seen.at(-1)?.currentBytes).toBe(seen.at(-1)?.totalBytes);
});

test('an image that is up to date, and one that is asked for by its digest, are pulled as well', async () => {
  const first = await pull(`${registry.host}/random/one:1`);
  expect(await pull(`${registry.host}/random/one:1`)).toEqual(first);
  expect(await pull(`${registry.host}/random/one@${digest}`)).toEqual(first);
  expect(await pull(`${registry.host}/random/one:1@${digest}`)).toEqual(first);
});

test('an image without a tag is the latest, not all of them', async () => {
  await registry.pushRandom('random/two:latest', 1000);
  await registry.pushRandom('random/two:other', 1000);
  await pull(`${registry.host}/random/two`);
  expect(await engine.findImage(`${registry.host}/random/two:latest`)).not.toBeNull();
  expect(await engine.findImage(`${registry.host}/random/two:other`)).toBeNull();
});

test('an image has the digest of the repository that it was asked for in', async () => {
  const { id } = await pull(`${registry.host}/random/one:1`);
  const pushed = await registry.push(id, 'copy:1');
  expect(await pull(pushed.reference)).toMatchObject({ id, digest: pushed.digest });
  expect(await engine.findImage(`${registry.host}/random/one:1`)).toMatchObject({ id, digest });
  expect((await engine.findImage(TEST_IMAGE))?.digest).toBeNull();
});

test('a missing image, a wrong tag and a wrong digest are not found', async () => {
  for (const name of ['none:1', 'random/one:2', `random/one@sha256:${'0'.repeat(64)}`]) {
    await expect(pull(`${registry.host}/${name}`)).rejects.toThrow(ImageNotFoundError);
  }
});

test('a registry that is down is unavailable', async () => {
  await expect(pull('127.0.0.1:1/digits:1')).rejects.toThrow(RegistryUnavailableError);
});

test('a registry that fails is unavailable, and one that wants credentials refuses', async () => {
  const failing = await answering(500, {});
  const closed = await answering(401, { 'www-authenticate': 'Basic realm="test"' });
  try {
    await expect(pull(`${addressOf(failing)}/digits:1`)).rejects.toThrow(RegistryUnavailableError);
    await expect(pull(`${addressOf(closed)}/digits:1`)).rejects.toThrow(ImageAccessDeniedError);
  } finally {
    failing.close();
    closed.close();
  }
});

test('a registry that stalls in the middle of a layer is given up', async () => {
  const seen: PullProgress[] = [];
  const giveUp = async (): Promise<void> => {
    proxy.cutAll();
    proxy.limit(4 * MEGABYTE, 'stall');
    const pulling = pull(`${proxy.address}/random/one:1`, {
      silenceMs: 1000,
      onProgress: (progress) => seen.push(progress),
    });
    await expect(pulling).rejects.toMatchObject({
      name: 'PullSilentError',
      image: `${proxy.address}/random/one:1`,
      silenceMs: 1000,
    });
  };
  // An engine or a registry that gets no processor for a second is given up before the layer has begun.
  for (let tries = 0; tries < 10 && seen.at(-1)?.phase !== 'downloading'; tries += 1) await giveUp();
  expect(seen.at(-1)?.phase).toBe('downloading');
  expect(await engine.findImage(`${proxy.address}/random/one:1`)).toBeNull();
});

test('a registry that accepts and says nothing is given up as well', async () => {
  proxy.limit(0, 'stall');
  await expect(pull(`${proxy.address}/random/one:1`, { silenceMs: 1000 })).rejects.toThrow(PullSilentError);
});

test('a pull that takes longer than the silence it may keep is not given up while there is news', async () => {
  // More than a busy machine stands still.
  const silenceMs = 5000;
  proxy.limit(2 * MEGABYTE, 'stall');
  const started = Date.now();
  // A little more of the layer every now and then, for longer than the limit.
  const feeding = setInterval(() => proxy.limit(MEGABYTE / 2, 'stall'), 300);
  try {
    const pulling = pull(`${proxy.address}/random/one:1`, { silenceMs });
    await expect(pulling).resolves.toMatchObject({ digest });
    expect(Date.now() - started).toBeGreaterThan(silenceMs);
  } finally {
    clearInterval(feeding);
  }
});

test('a pull ends with the reason of its signal, before it has begun and in its middle', async () => {
  proxy.limit(4 * MEGABYTE, 'stall');
  const stop = new AbortController();
  const reason = new Error('enough');
  const pulling = pull(`${proxy.address}/random/one:1`, {
    signal: stop.signal,
    onProgress: ({ phase }) => phase === 'downloading' && stop.abort(reason),
  });
  await expect(pulling).rejects.toBe(reason);
  await expect(pull(`${registry.host}/random/one:1`, { signal: stop.signal })).rejects.toBe(reason);
});

async function answering(status: number, headers: Record<string, string>): Promise<Server> {
  const server = createServer((_, response) => response.writeHead(status, headers).end('{"errors":[]}'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

function addressOf(server: Server): string {
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}
