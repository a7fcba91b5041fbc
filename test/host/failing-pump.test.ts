import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { PumpStoppedError } from '../../host/pumps';
import { until } from '../helpers/until';
import { python, QUIET, testHost, type TestHost } from './helpers';

let host: TestHost;

beforeAll(async () => {
  host = await testHost();
});

afterAll(() => host.dispose());

const target = (runId: string, containerId: string) => ({ runId, attempt: 1, containerId });

it('is none where the mark of a container that was slowed down is empty, as after power was lost', async () => {
  const id = await host.runOf('torn', python('print("whole")'));
  const folder = join(host.data, 'slowed', host.config.host.name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, id), '');
  const pumps = host.newPumps();

  expect(pumps.brakeOf(id)).toBe('pause');
  expect(await pumps.adopt(target('torn', id)).sealed).toEqual({ lines: 1, gaps: 0, badBytes: 0 });
  expect([pumps.brakeOf(id), readdirSync(folder)]).toEqual([null, []]);
});

/** Fails pumps in a way that no pump foresees. */
function failingLog() {
  const control = { failure: null as Error | null };
  const child = (...given: Parameters<typeof QUIET.child>): ReturnType<typeof QUIET.child> => {
    if (control.failure !== null) throw control.failure;
    return QUIET.child(...given);
  };
  return Object.assign(control, { log: Object.assign(Object.create(QUIET) as typeof QUIET, { child }) });
}

it('is not the one that the next who asks is given', async () => {
  const id = await host.runOf('fails', python('print("stored")'));
  const control = failingLog();
  const pumps = host.newPumps({ log: control.log });
  control.failure = new Error('not foreseen');
  const first = pumps.adopt(target('fails', id));
  await expect(first.sealed).rejects.toThrow('not foreseen');
  control.failure = null;

  const next = pumps.adopt(target('fails', id));

  expect(next).not.toBe(first);
  expect(await next.sealed).toMatchObject({ lines: 1 });
});

it('is kept where it was only stopped', async () => {
  const id = await host.runOf('stopped', ['sleep', '600']);
  const pumps = host.newPumps();
  const pump = pumps.adopt(target('stopped', id));
  await until(async () => (await host.logs.size('stopped')) !== null);
  await pumps.stop();

  await expect(pump.sealed).rejects.toThrow(PumpStoppedError);
  expect(pumps.adopt(target('stopped', id))).toBe(pump);
});
