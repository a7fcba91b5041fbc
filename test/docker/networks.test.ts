import { randomBytes } from 'node:crypto';

import { NameTakenError } from '../../docker/errors';
import { testEngine } from '../helpers/engine';

const { engine, label, run, dispose } = testEngine();
const name = `trainyard-test-${randomBytes(6).toString('hex')}`;
const never = new AbortController().signal;

afterAll(async () => {
  await dispose();
  for (const { id } of await engine.listNetworks(label)) await engine.removeNetwork(id);
  engine.close();
});

test('a network that is made twice is made once, and found by its labels', async () => {
  await engine.ensureNetwork({ name, labels: label, internal: true });
  await engine.ensureNetwork({ name, labels: label, internal: true });

  expect(await engine.listNetworks(label)).toEqual([
    { id: expect.stringMatching(/^[0-9a-f]{64}$/) as string, name, labels: label },
  ]);
});

test('a name that another network has is refused', async () => {
  const other = { name, labels: { ...label, other: 'yes' }, internal: true };

  await expect(engine.ensureNetwork(other)).rejects.toThrow(NameTakenError);
});

test('containers of a network find each other by their names there, and an internal one has no way out', async () => {
  const server = await run(['python3', '-m', 'http.server', '8080'], { network: name, networkAlias: 'node-0' });
  const script = `
import socket, time
for _ in range(400):
    try:
        socket.create_connection(("node-0", 8080), 5).close()
        break
    except OSError:
        time.sleep(0.1)
else:
    raise SystemExit("node-0 cannot be reached")
with open("/proc/net/route") as routes:
    raise SystemExit(any(line.split()[1] == "00000000" for line in routes.read().splitlines()[1:]))
`;
  const client = await run(['python3', '-c', script], { network: name });
  await engine.waitContainer(client, never);

  expect(await engine.inspectContainer(client)).toMatchObject({ exitCode: 0, network: name });
  expect(await engine.removeNetwork(name)).toBe('in-use');
  await engine.removeContainer(server);
  await engine.removeContainer(client);
});

test('a network goes once nobody uses it, and is gone for whoever comes too late', async () => {
  expect(await engine.removeNetwork(name)).toBe('removed');
  expect(await engine.removeNetwork(name)).toBe('absent');
});
