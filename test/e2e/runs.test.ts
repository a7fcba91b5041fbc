import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import type { RunStats } from '../../store/run-store';
import { TEST_DOCKER_HOST } from '../helpers/engine';
import { watchEvents, type EngineEvents } from '../helpers/engine-events';
import { inState, logLines, post, request, shellRun, submit } from '../helpers/runs';
import { runCli, temporalCli } from '../helpers/server';
import { sharedServer, type SharedServer } from '../helpers/shared-server';
import { until } from '../helpers/until';

jest.setTimeout(180_000);

/** The runs are submitted together at the start, so that the waits of each go side by side. */
let server: SharedServer;
let events: EngineEvents;
const runs = {} as Record<'train' | 'stubborn' | 'third' | 'ruled' | 'hand' | 'signalled' | 'failing', string>;

const RETRY = { policy: { retries: { attempts: 3, delay: '2s' } } };
const FAIL_ON_2 = {
  policy: { retries: { attempts: 3, delay: '1s', rules: [{ when: { exitCode: [2] }, then: 'fail' }] } },
};

beforeAll(async () => {
  server = await sharedServer();
  events = watchEvents(TEST_DOCKER_HOST);
  const { status, body } = await post<{ task_id: string }>(`${server.url}/train`, { epochs: 3, batch_size: 16 });
  expect(status).toBe(202);
  runs.train = body.task_id;
  const stubborn = 'trap "" TERM; echo deaf; while true; do sleep 0.1; done';
  runs.stubborn = await submit(server.url, shellRun(stubborn, { policy: { timeouts: { grace: '1s' } } }));
  runs.third = await submit(server.url, shellRun('echo try $TRAINYARD_ATTEMPT; [ $TRAINYARD_ATTEMPT -ge 3 ]', RETRY));
  runs.ruled = await submit(server.url, shellRun('echo once; exit 2', FAIL_ON_2));
  runs.failing = await submit(server.url, shellRun('echo the last words >&2; exit 7'));
  for (const name of ['hand', 'signalled'] as const) {
    runs[name] = `by-hand-${name}`;
    const input = JSON.stringify(shellRun('echo started; sleep 600', { policy: { timeouts: { grace: '1s' } } }));
    const type = ['--type', 'runWorkflow', '--task-queue', 'trainyard'];
    temporalCli(server, 'workflow', 'start', ...type, '--workflow-id', runs[name], '--input', input);
  }
});

afterAll(() => events.stop());

function containersOf(id: string): string[] {
  const list = ['ps', '--all', '--quiet', '--filter', `label=trainyard.run=${id}`];
  return execFileSync('docker', list, { encoding: 'utf8' }).split('\n').filter(Boolean);
}

describe('a server', () => {
  it.concurrent('trains the digits that POST /train asks for, and shows each epoch in the log', async () => {
    await inState(server.url, runs.train, 'succeeded', 120_000);
    const epochs = (await logLines(server.url, runs.train)).map((line) => JSON.parse(line) as Record<string, number>);
    expect(epochs.map(({ epoch }) => epoch)).toEqual([1, 2, 3]);
    expect(epochs.at(-1)!['accuracy']).toBeGreaterThan(0.8);
    const { body: task } = await request<object>(`${server.url}/train/${runs.train}`);
    expect(task).toMatchObject({ status: 'succeeded', metrics: { epoch: 3 } });
    const { body: stats } = await request<RunStats>(`${server.url}/stats`);
    expect(stats.byState.succeeded).toBeGreaterThanOrEqual(1);
    expect(existsSync(join(server.data, 'logs', `training_${runs.train}.log`))).toBe(true);
  });

  it.concurrent('shows the four activities with readable summaries in Temporal', async () => {
    await inState(server.url, runs.train, 'succeeded', 120_000);
    const history = JSON.parse(
      temporalCli(server, 'workflow', 'show', '--workflow-id', runs.train, '--output', 'json'),
    ) as {
      events: {
        activityTaskScheduledEventAttributes?: { activityType: { name: string } };
        userMetadata?: { summary?: { data: string } };
      }[];
    };
    const scheduled = history.events.filter((event) => event.activityTaskScheduledEventAttributes);
    const summaries = scheduled.map(({ activityTaskScheduledEventAttributes: attributes, userMetadata }) => [
      attributes!.activityType.name,
      Buffer.from(userMetadata?.summary?.data ?? '', 'base64').toString(),
    ]);
    for (const [name, word] of [
      ['pullImage', 'trainyard/digits:1'],
      ['startContainer', 'train.py'],
      ['followContainer', 'logs'],
      ['cleanUp', 'Remove'],
    ]) {
      expect(summaries).toContainEqual([name, expect.stringContaining(word!)]);
    }
  });

  it.concurrent('says cancelled only when a container that ignores SIGTERM is gone', async () => {
    await until(async () => (await logLines(server.url, runs.stubborn)).includes('deaf'), { timeoutMs: 60_000 });
    expect(await runCli(['cancel', runs.stubborn, '--server', server.url])).toMatchObject({ code: 0 });
    await inState(server.url, runs.stubborn, 'cancelled');
    expect(containersOf(runs.stubborn)).toEqual([]);
  });

  it.concurrent('tries again after the delay until the third attempt succeeds', async () => {
    const run = await inState(server.url, runs.third, 'succeeded');
    expect(run.attempts.map(({ exitCode }) => exitCode)).toEqual([1, 1, 0]);
    expect(await logLines(server.url, runs.third)).toEqual(['try 1', 'try 2', 'try 3']);
    const [first, second, third] = run.attempts;
    expect(Date.parse(second!.startedAt!) - Date.parse(first!.endedAt!)).toBeGreaterThanOrEqual(1_900);
    expect(Date.parse(third!.startedAt!) - Date.parse(second!.endedAt!)).toBeGreaterThanOrEqual(1_900);
  });

  it.concurrent('does not try an exit code again that a rule fails', async () => {
    const run = await inState(server.url, runs.ruled, 'failed');
    expect(run).toMatchObject({ reason: 'exit-code', exitCode: 2, attempt: 1 });
    expect(await events.startsOf(runs.ruled)).toBe(1);
  });

  it.concurrent('tells why a run failed, to people and by the exit code of the command line', async () => {
    await inState(server.url, runs.failing, 'failed');
    const shown = await runCli(['show', runs.failing, '--server', server.url]);
    expect(shown.out).toContain('The command ended with exit code 7.');
    const logs = await runCli(['logs', runs.failing, '--server', server.url]);
    expect(logs.out).toBe('the last words\n');
    const followed = await runCli([
      'run',
      '-r',
      'digits',
      '-p',
      'epochs=1',
      '--set',
      'command=["false"]',
      '--set',
      'policy.retries.attempts=1',
      '-f',
      '--server',
      server.url,
    ]);
    expect(followed.code).toBe(1);
    expect(followed.err).toContain('exit code 1');
  });

  it.concurrent.each([
    ['cancelled', 'hand', ['workflow', 'cancel']],
    ['signalled', 'signalled', ['workflow', 'signal', '--name', 'cancel']],
  ] as const)('ends a workflow that was started by hand when it is %s by hand', async (_, name, command) => {
    await until(async () => (await logLines(server.url, runs[name])).includes('started'), { timeoutMs: 60_000 });
    // The log is there before the workflow has heard that the container runs.
    expect(await inState(server.url, runs[name], 'running')).toMatchObject({ id: runs[name] });
    temporalCli(server, ...command, '--workflow-id', runs[name]);
    await inState(server.url, runs[name], 'cancelled');
    expect(containersOf(runs[name])).toEqual([]);
  });

  it.concurrent('starts runs on a schedule that name it', async () => {
    const create = ['schedule', 'create', 'often', '--every', '2s', '-r', 'digits', '--set', 'command=["true"]'];
    expect(await runCli([...create, '--server', server.url])).toMatchObject({ code: 0, out: 'often\n' });
    const list = `${server.url}/v1/runs?schedule=often&state=succeeded`;
    const twice = async (): Promise<{ schedule: string }[] | false> => {
      const { body } = await request<{ items: { schedule: string }[] }>(list);
      return body.items.length >= 2 && body.items;
    };
    const [last] = await until(twice, { timeoutMs: 90_000 });
    expect(last!.schedule).toBe('often');
    expect(await runCli(['schedule', 'delete', 'often', '--server', server.url])).toMatchObject({ code: 0 });
    expect((await runCli(['schedule', 'show', 'often', '--server', server.url])).code).toBe(2);
  });

  it.concurrent('finds this machine well', async () => {
    const { code, out } = await runCli(['doctor', '--json', '--server', server.url, '--data', server.data], {
      TEMPORAL_ADDRESS: server.temporalAddress,
    });
    const { findings } = JSON.parse(out) as { findings: { verdict: string; what: string; finding: string }[] };
    expect(findings.filter(({ verdict }) => verdict === 'fail')).toEqual([]);
    expect(code).toBe(0);
    expect(findings.map(({ what }) => what)).toEqual(
      expect.arrayContaining([
        'Docker Engine',
        'Live-restore',
        'Temporal',
        'Search attributes',
        'Image of digits',
        'Server',
      ]),
    );
  });
});
