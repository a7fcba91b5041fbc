import { TEST_IMAGE } from '../helpers/engine';
import { startHttpGate, type HttpGate } from '../helpers/http-gate';
import { startOwnEngine, type OwnEngine } from '../helpers/own-engine';
import { startRegistry, type TestRegistry } from '../helpers/registry';
import { HOST, SOON, troubleSuite, type TroubleSuite } from './trouble-suite';

jest.setTimeout(180_000);

let registry: TestRegistry;
let own: OwnEngine;
let gate: HttpGate;
let suite: TroubleSuite;

beforeAll(async () => {
  const starting = startOwnEngine({ images: [] }).then(async (started) => {
    own = started;
    gate = await startHttpGate(own.socket);
    return { dockerHost: `unix://${gate.socket}`, engine: own.engine };
  });
  [registry, suite] = await Promise.all([startRegistry(), troubleSuite(starting)]);
});

afterAll(async () => {
  await suite?.dispose();
  await gate?.stop();
  await own?.dispose();
  await registry?.stop();
});

it('an image that is removed between its pull and the start is pulled once more', async () => {
  const { reference } = await registry.push(TEST_IMAGE, 'removed:1');
  const seen: string[] = [];
  gate.before(async (method, path) => {
    if (method === 'POST' && path.includes('/images/create')) seen.push('pull');
    if (method !== 'POST' || !path.includes('/containers/create')) return;
    seen.push('create');
    if (seen.length === 2) await own.docker('rmi', '--force', reference);
  });

  const id = await suite.start('print("trained")', { image: reference, pullPolicy: 'if-not-present', policy: SOON });
  const { run, attempts } = await suite.ended(id);

  expect(seen).toEqual(['pull', 'create', 'pull', 'create']);
  expect(attempts).toMatchObject([
    { reason: 'image-removed', host: HOST, containerId: null },
    { reason: 'completed', logLines: 1 },
  ]);
  expect(attempts[0]?.message).toMatch(/^The image was removed from the host between its pull and the start: /);
  expect(run).toMatchObject({ state: 'succeeded', attempt: 2 });
});
