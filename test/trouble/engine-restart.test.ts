import { startOwnEngine, type OwnEngine } from '../helpers/own-engine';
import { until } from '../helpers/until';
import { end, ends, PATIENT, SECOND_TIME_LUCKY, SOON, troubleSuite, type TroubleSuite } from './trouble-suite';

jest.setTimeout(180_000);

let own: OwnEngine;
let suite: TroubleSuite;

beforeAll(async () => {
  const starting = startOwnEngine({ liveRestore: false }).then((started) => (own = started));
  suite = await troubleSuite(starting);
});

afterAll(async () => {
  await suite?.dispose();
  await own?.dispose();
});

/** Dies of SIGTERM. */
const WAITER = `${SECOND_TIME_LUCKY}\ntime.sleep(3600)`;
/** Takes SIGTERM for its end, as a training does that saves what it has. */
const SAVER = `import signal, sys\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(0))${SECOND_TIME_LUCKY}\nwhile True: time.sleep(1)`;

const start = (program: string): Promise<string> => suite.start(program, { policy: SOON });
const printed = (id: string, line: string) => until(async () => (await suite.lines(id)).includes(line), PATIENT);

async function expectTriedAgain(id: string, exitCode: number): Promise<void> {
  const { run, attempts } = await suite.ended(id);
  expect(attempts).toMatchObject([
    { reason: 'engine-restarted', exitCode, logLines: 1, logGaps: 0 },
    { reason: 'completed', exitCode: 0 },
  ]);
  expect(attempts[0]?.message).toContain('with live-restore it goes on while the engine restarts');
  expect(run).toMatchObject({ state: 'succeeded', attempt: 2 });
  expect(await suite.lines(id)).toEqual(['attempt 1', 'attempt 2']);
}

describe('a run whose engine has no live-restore', () => {
  it('is tried again after the engine was stopped and started, also where its program took the stop for its end', async () => {
    const ids = await Promise.all([start(WAITER), start(SAVER)]);
    await Promise.all(ids.map((id) => printed(id, 'attempt 1')));

    await own.stop();
    await own.start();

    await expectTriedAgain(ids[0]!, 143);
    await expectTriedAgain(ids[1]!, 0);
  });

  it('is tried again after the engine was killed and started', async () => {
    const ids = await Promise.all([start(WAITER), start(SAVER)]);
    await Promise.all(ids.map((id) => printed(id, 'attempt 1')));

    await own.kill();
    await own.start();

    await expectTriedAgain(ids[0]!, 143);
    await expectTriedAgain(ids[1]!, 0);
  });

  it('is tried again where its worker, too, was away when the engine was stopped and started', async () => {
    const ids = await Promise.all([start(WAITER), start(SAVER)]);
    await Promise.all(ids.map((id) => printed(id, 'attempt 1')));

    await suite.replaceWorker(async () => {
      await own.stop();
      await own.start();
    });

    await expectTriedAgain(ids[0]!, 143);
    await expectTriedAgain(ids[1]!, 0);
  });

  it('keeps its own end where the engine only did not answer, or only the worker was away, or both', async () => {
    const [frozen, seven, unseen] = await Promise.all([start(ends(0)), start(ends(7)), start(ends(0))]);
    await Promise.all([frozen, seven, unseen].map((id) => printed(id, 'here')));

    own.freeze();
    end(suite, frozen);
    end(suite, seven);
    await suite.replaceWorker(async () => end(suite, unseen));
    own.thaw();

    expect((await suite.ended(frozen)).attempts).toMatchObject([{ reason: 'completed', logLines: 1 }]);
    expect((await suite.ended(seven)).attempts).toMatchObject([{ reason: 'exit-code', exitCode: 7 }]);
    expect((await suite.ended(unseen)).attempts).toMatchObject([{ reason: 'completed', logLines: 1 }]);
  });
});
