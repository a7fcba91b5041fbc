import { storeGang, storeRun } from '../api/stored-run';
import { testApi, type TestApi } from '../api/test-api';
import { until } from '../helpers/until';
import { cli, startCli } from './cli-harness';

let api: TestApi;
let server: string;

beforeAll(async () => {
  api = await testApi();
  server = `http://127.0.0.1:${await api.listen()}`;
  await storeGang(api.services.runStore, 'gang-a', 2);
  await storeRun(api.services.runStore, { id: 'alone' });
  for (const id of ['gang-a', 'gang-a.e1.n2', 'gang-a.e2.n2', 'alone']) await write(id);
});
afterAll(async () => api.close());

async function write(id: string): Promise<void> {
  const writer = await api.services.logStore.openWriter(id, 1);
  await writer.append([{ time: '2026-01-01T00:00:00.000000001Z', stream: 'stdout', text: `of ${id}` }]);
  await writer.close();
}

const on = (...args: string[]): string[] => ['--server', server, 'logs', ...args];

describe('trainyard logs of a gang', () => {
  test('shows the node of rank 0, and says how to see the others', async () => {
    expect(await cli(on('gang-a'))).toEqual({
      code: 0,
      out: 'of gang-a\n',
      err: 'This is node 0 of 3. The log of another: trainyard logs gang-a --node N, N from 1 to 2.\n',
    });
  });

  test('of two names the other, and leaves no number to choose', async () => {
    const pair = await storeRun(api.services.runStore, { id: 'pair' }, { nodes: 2 });
    await write(pair.id);
    expect((await cli(on('pair'))).err).toBe(
      'This is node 0 of 2. The log of the other: trainyard logs pair --node 1.\n',
    );
  });

  test.each<[string[], string]>([
    [['gang-a', '--node', '0'], 'of gang-a\n'],
    [['gang-a', '--node', '2'], 'of gang-a.e2.n2\n'],
    [['gang-a', '--node', '2', '--attempt', '1'], 'of gang-a.e1.n2\n'],
    [['-f', 'gang-a', '--node', '2', '--attempt', '1'], 'of gang-a.e1.n2\n'],
    [['gang-a.e1.n2'], 'of gang-a.e1.n2\n'],
    [['alone'], 'of alone\n'],
  ])('%j shows the log of that node alone', async (args, out) => {
    expect(await cli(on(...args))).toEqual({ code: 0, out, err: '' });
  });

  test.each<[string[], string]>([
    [['gang-a', '--node', '3'], '--node 3 must be from 0 to 2: the run "gang-a" has 3 nodes.'],
    [['alone', '--node', '1'], '--node 1 must be 0 or left out: the run "alone" has one node.'],
    [['gang-a', '--node', 'x'], 'Write a whole number from 0.'],
    [['gang-a', '--node', '1', '--attempt', '3'], 'The run "gang-a" has no node 1 in an attempt 3.'],
  ])('refuses %j with the mend', async (args, err) => {
    expect(await cli(on(...args))).toMatchObject({ code: 2, out: '', err: expect.stringContaining(err) });
  });

  test('waits with -f until the gang has placed its nodes', async () => {
    const { runStore } = api.services;
    await storeRun(runStore, { id: 'gang-b', state: 'queued', attempt: 0 }, { nodes: 3 });
    expect(await cli(on('gang-b', '--node', '2'))).toMatchObject({
      code: 2,
      err: expect.stringContaining('The run "gang-b" has no node 2 yet; it is queued.'),
    });
    const following = startCli(on('-f', 'gang-b', '--node', '2'));
    await storeGang(runStore, 'gang-b', 1);
    await write('gang-b.e1.n2');
    await until(() => following.soFar.out === 'of gang-b.e1.n2\n');
    following.interrupt();
    expect(await following.result).toMatchObject({ code: 130 });
  });

  test('stops waiting for a node on Ctrl-C', async () => {
    await storeRun(api.services.runStore, { id: 'gang-c', state: 'queued', attempt: 0 }, { nodes: 3 });
    const following = startCli(on('-f', 'gang-c', '--node', '2'));
    following.interrupt();
    expect(await following.result).toMatchObject({ code: 130, out: '' });
  });
});
