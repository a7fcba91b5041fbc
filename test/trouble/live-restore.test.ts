import { connect } from 'node:net';

import type { Run } from '../../contract/run';
import { openRunStore } from '../../store/sqlite-run-store';
import { killOverStart } from '../helpers/forgotten-start';
import { startOwnEngine, type OwnEngine } from '../helpers/own-engine';
import { until } from '../helpers/until';
import { end, ends, HOST, PATIENT, SECOND_TIME_LUCKY, SOON, troubleSuite, type TroubleSuite } from './trouble-suite';

jest.setTimeout(180_000);

let own: OwnEngine;
let suite: TroubleSuite;

beforeAll(async () => {
  const starting = startOwnEngine({ liveRestore: true }).then((started) => (own = started));
  suite = await troubleSuite(starting);
});

afterAll(async () => {
  await suite?.dispose();
  await own?.dispose();
});

/** Counts until it is told to end. */
const COUNTER = `
import os, time
count = 0
while not os.path.exists("/artifacts/end"):
  print(count)
  count += 1
  time.sleep(0.02)
`;

const printed = (id: string, count: number) => until(async () => (await suite.lines(id)).length >= count, PATIENT);

/** With which code a connection to a socket fails; null where it does not. */
function codeOfConnect(socket: string): Promise<string | null> {
  return new Promise((resolve) => {
    const connection = connect(socket, () => {
      connection.destroy();
      resolve(null);
    });
    connection.once('error', ({ code = '' }: NodeJS.ErrnoException) => resolve(code));
  });
}

/** The run as lists show it. */
async function listed(id: string): Promise<Run | undefined> {
  const store = await openRunStore(suite.data);
  try {
    return (await store.getRun(id))?.run;
  } finally {
    await store.close();
  }
}

async function expectWhole(id: string): Promise<void> {
  const { attempts } = await suite.ended(id);
  const lines = await suite.lines(id);
  expect(attempts).toMatchObject([{ reason: 'completed', logLines: lines.length, logGaps: 0 }]);
  expect(lines).toEqual(lines.map((_, index) => String(index)));
}

describe('a run whose engine has live-restore', () => {
  it('goes on, and keeps each line once, while its engine is stopped and started, and killed and started', async () => {
    const [counter, seven] = await Promise.all([suite.start(COUNTER), suite.start(ends(7))]);
    await Promise.all([printed(counter, 20), printed(seven, 1)]);

    await own.stop();
    await own.start();
    await printed(counter, (await suite.lines(counter)).length + 20);
    await own.kill();
    end(suite, seven);
    await own.start();
    await printed(counter, (await suite.lines(counter)).length + 20);
    end(suite, counter);

    await expectWhole(counter);
    expect((await suite.ended(seven)).attempts).toMatchObject([{ reason: 'exit-code', exitCode: 7, logGaps: 0 }]);
  });

  it('is tried again when the engine comes back after all of it went down, as with its machine', async () => {
    const id = await suite.start(`${SECOND_TIME_LUCKY}\ntime.sleep(3600)`, { policy: SOON });
    await printed(id, 1);

    await own.crash();
    await own.start();

    const { attempts } = await suite.ended(id);
    expect(attempts).toMatchObject([
      { reason: 'engine-restarted', exitCode: 255, logLines: 1, logGaps: 0 },
      { reason: 'completed' },
    ]);
    expect(await suite.lines(id)).toEqual(['attempt 1', 'attempt 2']);
  });

  it('is tried again when the engine comes back and has forgotten that it started the container', async () => {
    const id = await suite.start(`${SECOND_TIME_LUCKY}\ntime.sleep(3600)`, { policy: SOON });
    const container = await suite.container(id);
    await printed(id, 1);

    await killOverStart(own, container);

    const { attempts } = await suite.ended(id);
    expect(attempts).toMatchObject([
      { reason: 'engine-restarted', message: expect.stringContaining('has forgotten'), logLines: 1, logGaps: 0 },
      { reason: 'completed' },
    ]);
    expect(await suite.lines(id)).toEqual(['attempt 1', 'attempt 2']);
    expect(await own.engine.inspectContainer(container)).toBeNull();
  });

  it('says that the engine is away for 30 s, goes on meanwhile, and has every line when it is back', async () => {
    const id = await suite.start(COUNTER);
    await printed(id, 20);

    const frozenAt = Date.now();
    own.freeze();
    const { run } = await suite.tells(id, ({ run: { message } }) => message !== null);
    expect(run.message).toMatch(`The Docker Engine of ${HOST} has not answered since 20`);
    expect(run.message).toMatch('the container goes on, and its log follows when the engine is back');
    await until(() => Date.now() - frozenAt >= 30_000, { timeoutMs: 40_000 });
    const before = (await suite.lines(id)).length;
    own.thaw();

    await suite.tells(id, (status) => status.run.state === 'running' && status.run.message === null);
    // 50 lines a second for 30 s, less what a busy machine takes of them.
    await printed(id, before + 300);
    end(suite, id);
    await expectWhole(id);
    expect((await suite.notes(id)).filter((note) => note.startsWith('Over: The Docker Engine'))).toHaveLength(1);
  });

  it('is unreachable while the socket of its engine is gone for 30 s, and succeeds with every line when it is back', async () => {
    const id = await suite.start(COUNTER);
    await printed(id, 20);
    const container = await suite.container(id);

    await own.stop();
    expect(await codeOfConnect(own.socket)).toMatch(/^(ENOENT|ECONNREFUSED)$/);
    const { run, attempts } = await suite.tells(id, (status) => status.run.state === 'unreachable', 90_000);
    expect(run).toMatchObject({
      host: HOST,
      reason: null,
      message: expect.stringContaining(`${HOST} does not answer`),
    });
    expect(attempts).toMatchObject([{ containerId: container, reason: null }]);
    await until(async () => (await listed(id))?.state === 'unreachable');
    expect(await codeOfConnect(own.socket)).toMatch(/^(ENOENT|ECONNREFUSED)$/);
    const before = (await suite.lines(id)).length;
    await own.start();

    await suite.tells(id, (status) => status.run.state === 'running');
    // 50 lines a second for 30 s, less what a busy machine takes of them.
    await printed(id, before + 300);
    end(suite, id);
    await expectWhole(id);
    expect(await listed(id)).toMatchObject({ state: 'succeeded', reason: 'completed', attempt: 1 });
  });
});
