import type { RunEvent } from '../../contract/run';
import { inState, request, shellRun, submit } from '../helpers/runs';
import { sharedServer, type SharedServer } from '../helpers/shared-server';

jest.setTimeout(180_000);

/** The runs are submitted together at the start, so that the waits of each go side by side. */
let server: SharedServer;
const runs = {} as Record<'memory' | 'bound' | 'signal' | 'log' | 'same' | 'range' | 'reason', string>;

const SOON = { attempts: 5, delay: '200ms' };
const policy = (...rules: object[]): object => ({ policy: { retries: { ...SOON, rules } } });

/** Allocates so many MiB, and touches each page of them. */
const allocating = (mib: number): object => ({
  ...shellRun(''),
  command: ['python3', '-c', `data = bytearray(${mib} * 1024 * 1024); print(len(data))`],
});
const MORE_MEMORY = { when: { outOfMemory: true }, then: 'retry', change: { memory: 'x2', upTo: '256m' } };
const onceOnly = (fails: string): object => shellRun(`[ $TRAINYARD_ATTEMPT -ge 2 ] || { ${fails}; }; echo went well`);

beforeAll(async () => {
  server = await sharedServer();
  const send = async (run: object, more: object): Promise<string> => submit(server.url, { ...run, ...more });
  const resources = { memory: '64m', cpus: 0.5 };
  runs.memory = await send(allocating(100), { resources, ...policy(MORE_MEMORY) });
  const small = { ...MORE_MEMORY, change: { memory: 'x2', upTo: '96m' } };
  runs.bound = await send(allocating(200), { resources, ...policy(small) });
  runs.signal = await send(onceOnly('kill -SEGV $$'), policy({ when: { signal: ['SIGSEGV'] }, then: 'retry' }));
  const ecc = 'echo "RuntimeError: CUDA error: uncorrectable ECC error encountered"; exit 1';
  runs.log = await send(onceOnly(ecc), policy({ when: { log: 'CUDA error: .*ECC' }, then: 'retry-elsewhere' }));
  const command = ['python3', '-c', 'raise ValueError("bad label in row 7")'];
  const anyButUsage = [
    { when: { exitCode: ['1-255'] }, then: 'retry' },
    { when: { exitCode: [2, '64-78'] }, then: 'fail' },
  ];
  runs.range = await send(onceOnly('exit 70'), policy(...anyButUsage));
  const { policy: retried } = policy({ when: { reason: ['running-timeout'] }, then: 'retry' }) as { policy: object };
  runs.reason = await send(onceOnly('sleep 600'), {
    // Enough for the second attempt, on a busy machine too.
    policy: { ...retried, timeouts: { running: '8s', grace: '0s' } },
  });
  runs.same = await send({ ...shellRun(''), command }, policy({ when: { exitCode: [1] }, then: 'retry' }));
});

async function told(id: string): Promise<string> {
  const { body } = await request<{ items: RunEvent[] }>(`${server.url}/v1/runs/${id}/events`);
  return body.items.map(({ message }) => message).join('\n');
}

it.concurrent('gives a container that goes over its memory more of it, and lets it succeed', async () => {
  const run = await inState(server.url, runs.memory, 'succeeded');
  expect(run.attempts.map(({ reason, exitCode }) => [reason, exitCode])).toEqual([
    ['out-of-memory', 137],
    ['completed', 0],
  ]);
  expect(run.attempts[1]!.changes).toEqual(['resources.memory: 128m (policy.retries.rules[0])']);
  expect(await told(runs.memory)).toContain('`resources.memory` goes from 64m to 128m');
});

it.concurrent('gives it no more than the bound, and then says that there is nothing left to change', async () => {
  const run = await inState(server.url, runs.bound, 'failed');
  expect(run).toMatchObject({ reason: 'out-of-memory', attempt: 2 });
  expect(run.attempts[1]!.changes).toEqual(['resources.memory: 96m (policy.retries.rules[0])']);
  expect(await told(runs.bound)).toContain('`resources.memory` is 96m and may not go further (upTo: 96m)');
});

it.concurrent('tries again what a signal ended', async () => {
  const run = await inState(server.url, runs.signal, 'succeeded');
  expect(run.attempts.map(({ reason }) => reason)).toEqual(['killed-by-signal', 'completed']);
  expect(await told(runs.signal)).toContain('policy.retries.rules[0] says retry for SIGSEGV');
});

it.concurrent(
  'tries again what a line of the log tells, on the same host where there is no other, and says so',
  async () => {
    const run = await inState(server.url, runs.log, 'succeeded');
    expect(run.attempts.map(({ exitCode }) => exitCode)).toEqual([1, 0]);
    const events = await told(runs.log);
    expect(events).toContain(
      'policy.retries.rules[0] says retry-elsewhere for a log line that fits "CUDA error: .*ECC"',
    );
    expect(events).toContain('the policy wants it elsewhere, and there is no other host that could take it');
  },
);

it.concurrent('makes no third attempt of a run that fails twice by the same exception', async () => {
  const run = await inState(server.url, runs.same, 'failed');
  expect(run).toMatchObject({ reason: 'exit-code', exitCode: 1, attempt: 2 });
  expect(await told(runs.same)).toContain(
    'it failed in the same way 2 times in a row without progress (policy.retries.sameFailure): ValueError: bad label in row 7',
  );
});

it.concurrent('fails for an exit code in the range of a rule that says so, whatever another rule says', async () => {
  const run = await inState(server.url, runs.range, 'failed');
  expect(run).toMatchObject({ reason: 'exit-code', exitCode: 70, attempt: 1 });
  expect(await told(runs.range)).toContain('No further attempt: policy.retries.rules[1] says fail for exit code 70');
});

it.concurrent('tries again for an end reason that is never retried by itself, where a rule names it', async () => {
  const run = await inState(server.url, runs.reason, 'succeeded');
  expect(run.attempts.map(({ reason }) => reason)).toEqual(['running-timeout', 'completed']);
});
