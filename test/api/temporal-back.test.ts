import { startTemporal } from '../helpers/temporal';
import { startProxy, type TestProxy } from '../helpers/proxy';
import { until } from '../helpers/until';
import { testApi, type TestApi } from './test-api';

type Temporal = Awaited<ReturnType<typeof startTemporal>>;

let temporal: Temporal | undefined;
let proxy: TestProxy | undefined;
let api: TestApi | undefined;

beforeAll(async () => {
  temporal = await startTemporal();
  proxy = await startProxy({ port: Number(temporal.address.split(':')[1]) });
  api = await testApi({ temporal: proxy.address });
}, 120_000);
afterAll(async () => {
  await api?.close();
  await proxy?.stop();
  await temporal?.teardown();
});

const submit = async (name: string) => (await api!.post('/v1/runs', { name, image: 'trainyard/test:1' })).statusCode;

async function workflowsOf(name: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { workflowId } of temporal!.client.workflow.list({ query: `RunName = "${name}"` })) {
    found.push(workflowId);
  }
  return found;
}

test.each(['stall', 'cut'] as const)(
  'a Temporal whose answers %s starts nothing that was refused, and is used again when it is back',
  async (fault) => {
    await submit(`before-${fault}`);
    proxy!.limit(0, fault);
    if (fault === 'cut') proxy!.cutAll();
    expect(await submit(`refused-${fault}`)).toBe(503);

    proxy!.limit(Infinity, 'stall');
    proxy!.cutAll();
    await until(async () => (await submit(`after-${fault}`)) === 202);
    await until(async () => (await workflowsOf(`after-${fault}`)).length > 0);

    expect(await workflowsOf(`refused-${fault}`)).toEqual([]);
    expect((await api!.get(`/v1/runs?text=refused-${fault}`)).json()).toEqual({ items: [], next: null });
  },
);
