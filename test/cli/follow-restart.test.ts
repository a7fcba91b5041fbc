import type { LogWriter } from '../../store/log-store';
import { endRun, storeRun } from '../api/stored-run';
import { testApi, type TestApi } from '../api/test-api';
import { until } from '../helpers/until';
import { startCli } from './cli-harness';

let api: TestApi;
let writer: LogWriter;
let port: number;

beforeAll(async () => {
  api = await testApi();
  port = await api.listen();
  await storeRun(api.services.runStore, { id: 'live' });
  writer = await api.services.logStore.openWriter('live', 1);
});
afterAll(async () => {
  await writer.close();
  await api.close();
});

const print = async (...texts: string[]): Promise<void> =>
  writer.append(
    texts.map((text) => ({ time: new Date().toISOString().replace('Z', '000000Z'), stream: 'stdout', text })),
  );

test('trainyard logs -f --tail 0 misses nothing that is printed while the server is started again', async () => {
  await print('old', 'loss 9');
  const follow = jest.spyOn(api.services.logStore, 'follow');
  const args = ['logs', '-f', 'live', '--tail', '0', '--grep', 'loss', '--since', '1m'];
  const following = startCli(['--server', `http://127.0.0.1:${port}`, ...args]);
  await until(() => follow.mock.calls.length > 0);
  await api.app.close();
  await print('loss 3', 'x', 'loss 2');
  await until(() => following.soFar.err.includes('The server does not answer'));
  const restarted = await api.again();
  await restarted.app.listen({ port, host: '127.0.0.1' });
  await until(() => following.soFar.out !== '');
  await print('loss 1');
  await endRun(restarted.services.runStore, (await restarted.services.runStore.getRun('live'))!.run);

  expect(await following.result).toEqual({
    code: 0,
    out: 'loss 3\nloss 2\nloss 1\n',
    err: 'The server does not answer; asking again.\nThe server is back.\n',
  });
});
