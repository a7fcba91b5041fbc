import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';

import type { Receipt } from '../../contract/receipt';
import type { Run } from '../../contract/run';
import { TEST_IMAGE } from '../helpers/engine';
import { removeImages, startRegistry, type TestRegistry } from '../helpers/registry';
import { inState, logLines, post, request, submit } from '../helpers/runs';
import { runCli } from '../helpers/server';
import { sharedServer, type SharedServer } from '../helpers/shared-server';

jest.setTimeout(180_000);

/** Two images that tell which one they are, under names that are thrown away. */
const repository = `trainyard-test-${randomBytes(4).toString('hex')}`;
const TAG = `${repository}:1`;
let server: SharedServer;
let registry: TestRegistry;
let old: string;
let young: string;

const docker = (...args: string[]): string => execFileSync('docker', args, { encoding: 'utf8' }).trim();

/** An image like the small test image, with a variable in it; returns its id. */
function imageThatSays(which: string): string {
  const container = docker('create', TEST_IMAGE, 'true');
  const id = docker('commit', '--change', `ENV WHICH=${which}`, container, `${repository}:${which}`);
  docker('rm', container);
  return id;
}

const spec = (image: string): object => ({
  name: 'again',
  image,
  command: ['sh', '-c', 'echo {{params.epochs}} epochs on the $WHICH image'],
  params: { epochs: 1 },
});
const rerun = async (id: string, body: object): Promise<string> => {
  const answer = await post<Run>(`${server.url}/v1/runs/${id}/rerun`, body);
  expect(answer.status).toBe(202);
  return answer.body.id;
};
const receiptOf = async (id: string): Promise<Receipt> =>
  (await request<Receipt>(`${server.url}/v1/runs/${id}/receipt`)).body;

beforeAll(async () => {
  old = imageThatSays('old');
  young = imageThatSays('young');
  [server, registry] = await Promise.all([sharedServer(), startRegistry()]);
});

afterAll(async () => {
  await registry.stop();
  for (const tag of docker('images', '--format', '{{.Repository}}:{{.Tag}}', repository).split('\n').filter(Boolean)) {
    docker('rmi', '--force', tag);
  }
});

it('runs an ended run again with another parameter', async () => {
  docker('tag', old, TAG);
  const first = await submit(server.url, spec(TAG));
  await inState(server.url, first, 'succeeded');
  const again = await runCli(['rerun', first, '--set', 'params.epochs=5', '--json', '--server', server.url]);

  expect(again).toMatchObject({ code: 0 });
  const { id } = JSON.parse(again.out) as Run;
  const run = await inState(server.url, id, 'succeeded');
  expect(run).toMatchObject({ rerunOf: first, params: { epochs: 5 }, name: 'again' });
  expect(await logLines(server.url, id)).toEqual(['5 epochs on the old image']);
});

it('runs the image that a run had by its id, after the name was given to another one, and says so when it is gone', async () => {
  docker('tag', old, TAG);
  const first = await submit(server.url, spec(TAG));
  await inState(server.url, first, 'succeeded');
  docker('tag', young, TAG);
  const exact = await rerun(first, { exact: true });
  const plain = await rerun(first, {});
  await Promise.all([exact, plain].map((id) => inState(server.url, id, 'succeeded')));

  expect(await logLines(server.url, exact)).toEqual(['1 epochs on the old image']);
  expect(await logLines(server.url, plain)).toEqual(['1 epochs on the young image']);
  const [firstReceipt, receipt] = [await receiptOf(first), await receiptOf(exact)];
  expect(receipt).toMatchObject({ rerunOf: first, spec: { image: old, pullPolicy: 'never' } });
  expect(receipt.attempts).toMatchObject([{ imageId: old, imageDigest: null, exitCode: 0, reason: 'completed' }]);
  const { engineVersion, kernel, architecture } = receipt.attempts[0]!;
  expect([engineVersion, kernel, architecture].join(' ')).toBe(
    docker('info', '--format', '{{.ServerVersion}} {{.KernelVersion}} {{.Architecture}}'),
  );
  expect(firstReceipt.attempts[0]).toMatchObject({ image: TAG, imageId: old, kernel });
  const shown = await runCli(['receipt', exact, '--server', server.url]);
  expect(shown.out).toContain(`image id   ${old}\n`);

  docker('rmi', '--force', old);
  const orphan = await inState(server.url, await rerun(exact, { exact: true }), 'failed');
  expect(orphan.reason).toBe('image-not-found');
  expect(orphan.message).toContain(`no image on this host has the id ${old}`);
});

it('pulls the image that a run had by its digest, after the name was given to another one in its registry', async () => {
  const again = imageThatSays('first');
  const { reference, digest } = await registry.push(again, 'team/model:1');
  const first = await submit(server.url, spec(reference));
  await inState(server.url, first, 'succeeded');
  await registry.push(young, 'team/model:1');
  await removeImages(registry.host);
  docker('rmi', `${repository}:first`);
  const exact = await rerun(first, { exact: true });
  const run = await inState(server.url, exact, 'succeeded');

  expect(run.spec?.image).toBe(`${registry.host}/team/model@${digest}`);
  expect(await logLines(server.url, exact)).toEqual(['1 epochs on the first image']);
  expect((await receiptOf(exact)).attempts).toMatchObject([{ imageDigest: digest, imageId: again }]);
});
