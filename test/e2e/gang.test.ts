import { execFileSync } from 'node:child_process';

import type { RunDetail } from '../../contract/http';
import { sumOfRanks, summed } from '../helpers/gang-program';
import { getRun, inState, logLines, post, shellRun, submit } from '../helpers/runs';
import { sharedServer, type SharedServer } from '../helpers/shared-server';
import { until } from '../helpers/until';
import { python } from '../host/helpers';

jest.setTimeout(180_000);

let server: SharedServer;
beforeAll(async () => {
  server = await sharedServer();
});

const gang = (command: string[], more: object = {}): object =>
  shellRun('', { command, nodes: 3, resources: { cpus: 0.2, memory: '64m' }, ...more });

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
    const id = await submit(server.url, gang(sumOfRanks()));
    const run = await inState(server.url, id, 'succeeded', 120_000);

    const nodes = nodesOf(run);
    expect(nodes).toHaveLength(2);
    for (const [rank, node] of [id, ...nodes].entries()) {
      const lines = summed(id, { rank, of: 3 });
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
    const id = await submit(server.url, gang(python(code), { policy }));
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
    const id = await submit(server.url, gang(python('import time; print("up"); time.sleep(600)'), { policy }));
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
