import type { Problem } from '../../contract/problem';
import type { HostDetail, PoolDetail, RunExplanation } from '../../contract/pool-http';
import type { Run, RunEvent } from '../../contract/run';
import { getRun, inState, logLines, post, request, shellRun, submit } from '../helpers/runs';
import { runCli, startServer, type TestServer } from '../helpers/server';
import { until } from '../helpers/until';

jest.setTimeout(180_000);

/** Ends as soon as its run is told to, or is asked to end. */
const UNTIL_TOLD = 'trap "exit 143" TERM; until [ -e /artifacts/go ]; do sleep 0.1; done';

let server: TestServer;
let host: string;

beforeAll(async () => {
  server = await startServer({ env: { TRAINYARD_HOST_CPUS: '2', TRAINYARD_HOST_MEMORY: '4g' } });
  const { body } = await request<{ items: HostDetail[] }>(`${server.url}/v1/hosts`);
  host = body.items[0]!.name;
});
afterAll(async () => {
  expect(await server.dispose()).toEqual([]);
});

const trainyard = (...args: string[]) => runCli([...args, '--server', server.url], { USER: 'ada' });
const explain = async (id: string) => (await request<RunExplanation>(`${server.url}/v1/runs/${id}/explain`)).body;
const waits = (id: string) => until(async () => (await explain(id)).waiting);
const queue = async () =>
  (await request<PoolDetail>(`${server.url}/v1/pools/default`)).body.queue.map(({ runId }) => runId);
const cancel = async (id: string): Promise<void> => {
  await post(`${server.url}/v1/runs/${id}/cancel`, {});
  await inState(server.url, id, 'cancelled');
};

const small = (script: string, more: object = {}): object =>
  shellRun(script, { resources: { cpus: 2, memory: '64m' }, policy: { timeouts: { grace: '5s' } }, ...more });

it('lists a gang as one run, and its nodes by it', async () => {
  const nodes = { nodes: 3, resources: { cpus: 0.2, memory: '64m' } };
  const id = await submit(server.url, shellRun('exit 0', nodes));
  await inState(server.url, id, 'succeeded');
  const { body } = await request<{ items: Run[] }>(`${server.url}/v1/runs`);
  expect(body.items.map((run) => [run.id, run.gangOf])).toEqual([[id, null]]);
  const { body: ofGang } = await request<{ items: Run[] }>(`${server.url}/v1/runs?gangOf=${id}`);
  expect(ofGang.items.map(({ rank }) => rank).toSorted((one, other) => one! - other!)).toEqual([1, 2]);
  const { body: stats } = await request<{ total: number }>(`${server.url}/stats`);
  expect(stats.total).toBe(1);
});

it('queues what does not fit, says why, and starts it in the order of its priority', async () => {
  const holder = await submit(server.url, small(UNTIL_TOLD));
  await inState(server.url, holder, 'running');
  const low = await submit(server.url, small('exit 0', { priority: 10, name: 'low' }));
  const high = await submit(server.url, small('exit 0', { priority: 70, name: 'high' }));
  const unwanted = await submit(server.url, small('exit 0', { priority: 5, name: 'unwanted' }));
  for (const id of [low, high, unwanted]) await waits(id);
  expect(await queue()).toEqual([high, low, unwanted]);

  const why = await trainyard('why', high);
  expect(why).toMatchObject({ code: 0, out: expect.stringMatching(/^place +1 of 3$/m) });
  expect(why.out).toMatch(new RegExp(`^why +It waits for 2 CPUs.*host ${host} has 0 .*CPUs free.*${holder}`, 'm'));
  expect((await trainyard('queue')).out).toMatch(new RegExp(`^1 +${high} +70 `, 'm'));
  expect((await trainyard('hosts')).out).toMatch(new RegExp(`^${host} +default +ready .* 2/2 `, 'm'));
  expect((await getRun(server.url, low)).message).toContain('Waits for');

  await cancel(unwanted);
  expect(await queue()).toEqual([high, low]);
  expect((await trainyard('change', low, '--priority', '90')).code).toBe(0);
  await until(async () => (await queue())[0] === low);
  await cancel(holder);
  const [first, second] = await Promise.all([low, high].map((id) => inState(server.url, id, 'succeeded')));
  expect(Date.parse(first!.startedAt!)).toBeLessThan(Date.parse(second!.startedAt!));
  const { body } = await request<{ items: RunEvent[] }>(`${server.url}/v1/runs/${low}/events`);
  expect(body.items.some(({ type, message }) => type === 'placed' && message.includes(host))).toBe(true);
});

it('gives nothing new to a host that is cordoned, until it is uncordoned', async () => {
  expect(await trainyard('hosts', 'cordon', host)).toMatchObject({ code: 0, out: `${host} takes no new runs\n` });
  const id = await submit(server.url, small('exit 0'));
  expect((await waits(id)).waitsFor).toContain(`host ${host} is cordoned`);
  expect((await trainyard('hosts')).out).toMatch(new RegExp(`^${host} +default +cordoned`, 'm'));

  expect((await trainyard('hosts', 'uncordon', host)).code).toBe(0);
  await inState(server.url, id, 'succeeded');
});

it('refuses what no host could ever hold, and names the largest', async () => {
  const answer = await post<Problem>(`${server.url}/v1/runs`, shellRun('exit 0', { resources: { cpus: 64 } }));
  expect(answer.status).toBe(400);
  expect(answer.body.errors).toEqual([
    { path: 'resources.cpus', message: expect.stringContaining(`the largest host, ${host}, has 2 CPUs`) },
  ]);
  const { code, err } = await trainyard('run', '--set', 'image=a:1', '--gpus', '1');
  expect([code, err]).toEqual([2, expect.stringContaining('resources.gpus: no host has 1 GPU')]);
});

it('answers 429 to what would wait in a full queue, and takes it when there is room', async () => {
  expect((await trainyard('hosts', 'cordon', host)).code).toBe(0);
  expect((await trainyard('pools', 'set', 'ownerQuotas.ada.queued=1')).out).toContain('queued: 1');
  const run = ['run', '--set', 'image=a:1', '--set', 'pullPolicy=never'];
  const id = (await trainyard(...run)).out.trim();
  await waits(id);
  expect(await trainyard(...run)).toMatchObject({ code: 2, err: expect.stringContaining('1 runs of ada wait') });
  const { body } = await request<{ items: Run[] }>(`${server.url}/v1/runs?owner=ada`);
  expect(body.items.map((each) => each.id)).toEqual([id]);

  await cancel(id);
  expect((await trainyard('pools', 'set', 'ownerQuotas.ada=none')).code).toBe(0);
  expect((await trainyard('hosts', 'uncordon', host)).code).toBe(0);
});

it('ends a preemptible run for one of higher priority, and lets it go on from its checkpoint', async () => {
  // It is made to give way as soon as it has printed: its checkpoint is there by then.
  const script = `trap 'exit 143' TERM
    [ -n "$TRAINYARD_CHECKPOINT" ] && echo "from $TRAINYARD_CHECKPOINT" && exit 0
    mkdir -p "$TRAINYARD_CHECKPOINT_DIR/one.tmp" && mv "$TRAINYARD_CHECKPOINT_DIR/one.tmp" "$TRAINYARD_CHECKPOINT_DIR/one"
    echo "from nothing"
    while :; do sleep 0.1; done`;
  const more = { priority: 10, preemptible: true, checkpoint: {} };
  const weak = await submit(server.url, small(script, more));
  await inState(server.url, weak, 'running');
  await until(async () => (await logLines(server.url, weak)).length > 0);
  const strong = await submit(server.url, small('exit 0', { priority: 90 }));

  await inState(server.url, strong, 'succeeded');
  const { attempts, firstFailure } = await inState(server.url, weak, 'succeeded');
  expect(attempts.map(({ reason }) => reason)).toEqual(['preempted', 'completed']);
  expect(attempts[0]!.message).toContain(strong);
  expect(firstFailure).toBeNull();
  expect((await logLines(server.url, weak)).at(-1)).toMatch(/^from .*one$/);
});
