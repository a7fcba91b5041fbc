import { execFileSync } from 'node:child_process';

import type { RunDetail } from '../../contract/http';
import { python } from '../host/helpers';
import { getRun, inState, logLines, post, shellRun, submit } from '../helpers/runs';
import { sharedServer, type SharedServer } from '../helpers/shared-server';
import { until } from '../helpers/until';

jest.setTimeout(180_000);

let server: SharedServer;
beforeAll(async () => {
  server = await sharedServer();
});

/** Sums the ranks of all nodes at the first of them, which tells the others; as training programs meet by MASTER_ADDR. */
const SUM = `
import os, socket, sys, time
rank, size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
address = (os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"]))
print("rank", rank, "of", size, "run", os.environ["TRAINYARD_RUN_ID"], "attempt", os.environ["TRAINYARD_ATTEMPT"])
def meet():
    for _ in range(600):
        try: return socket.create_connection(address, 5)
        except OSError: time.sleep(0.1)
    sys.exit("the first node cannot be reached")
if rank == 0:
    listener = socket.create_server(("", address[1]))
    others = [listener.accept()[0] for _ in range(size - 1)]
    total = sum(int(other.recv(16)) for other in others)
    for other in others: other.sendall(str(total).encode())
else:
    first = meet()
    first.sendall(str(rank).encode())
    total = int(first.recv(16))
print("sum", total)
`;

const gang = (code: string, more: object = {}): object =>
  shellRun('', { command: python(code), nodes: 3, resources: { cpus: 0.2, memory: '64m' }, ...more });

/** Containers and networks of a gang that there still are. */
function leftOf(id: string): string[] {
  const list = (...command: string[]): string[] => execFileSync('docker', command, { encoding: 'utf8' }).split('\n');
  const containers = list('ps', '--all', '--format', 'container {{.Names}}');
  const networks = list('network', 'ls', '--format', 'network {{.Name}}');
  return [...containers, ...networks].filter((line) => line.includes(id));
}

const nodesOf = (run: RunDetail, attempt = 1): string[] => run.attempts[attempt - 1]!.nodes.map(({ runId }) => runId);

describe('a gang', () => {
  it.concurrent('has its nodes find each other and succeed together, each with a log of its own', async () => {
    const id = await submit(server.url, gang(SUM));
    const run = await inState(server.url, id, 'succeeded', 120_000);

    const nodes = nodesOf(run);
    expect(nodes).toHaveLength(2);
    for (const [rank, node] of [id, ...nodes].entries()) {
      const lines = [`rank ${rank} of 3 run ${id} attempt 1`, 'sum 3'];
      expect(await logLines(server.url, node)).toEqual(lines);
      const byRank = await fetch(`${server.url}/v1/runs/${id}/logs?node=${rank}`);
      expect(await byRank.text()).toBe(`${lines.join('\n')}\n`);
    }
    expect(await getRun(server.url, nodes[0]!)).toMatchObject({ gangOf: id, rank: 1, state: 'succeeded' });
    expect(leftOf(id)).toEqual([]);
  });

  it.concurrent('is tried again as a whole when one node fails, with the cause of that node', async () => {
    const code = `
import os, sys, time
if os.environ["TRAINYARD_ATTEMPT"] == "1":
    if os.environ["RANK"] == "2": sys.exit(7)
    time.sleep(600)
`;
    const policy = { timeouts: { grace: '0s' }, retries: { attempts: 2, delay: '100ms' } };
    const id = await submit(server.url, gang(code, { policy }));
    const run = await inState(server.url, id, 'succeeded', 150_000);

    expect(run.attempts.map(({ reason, exitCode }) => [reason, exitCode])).toEqual([
      ['exit-code', 7],
      ['completed', 0],
    ]);
    expect(run.attempts[0]?.message).toContain(`node 2 of the gang, run ${nodesOf(run)[1]} on host`);
    expect(await getRun(server.url, nodesOf(run)[0]!)).toMatchObject({ state: 'cancelled' });
    expect(leftOf(id)).toEqual([]);
  });

  it.concurrent('that is cancelled leaves no container of any node', async () => {
    const policy = { timeouts: { grace: '1s' } };
    const id = await submit(server.url, gang('import time; print("up"); time.sleep(600)', { policy }));
    await inState(server.url, id, 'running');
    const nodes = nodesOf(await getRun(server.url, id));
    await until(async () => (await Promise.all(nodes.map((node) => logLines(server.url, node)))).flat().length === 2, {
      timeoutMs: 60_000,
    });
    await post(`${server.url}/v1/runs/${id}/cancel`, { by: 'ada' });
    await inState(server.url, id, 'cancelled');

    expect(leftOf(id)).toEqual([]);
    for (const node of nodes) expect(await getRun(server.url, node)).toMatchObject({ state: 'cancelled' });
  });
});
