import { LABELS } from '../../contract/names';
import { startReconciler, type Reconciler } from '../../host/reconciler';
import { isStopMarked, markStop } from '../../host/stop-marks';
import type { RunStanding } from '../../policy/reconcile';
import { until } from '../helpers/until';
import { printedBy, python, QUIET, testHost, type TestHost } from './helpers';

let host: TestHost;
beforeAll(async () => {
  host = await testHost();
});
afterAll(() => host.dispose());

const TICKS = python('import itertools, time\nfor i in itertools.count(): print(i); time.sleep(0.05)');

/** Reconciles with what Temporal would say, until `body` is through. */
async function reconciling(
  standings: Record<string, RunStanding>,
  body: (reconciler: Reconciler) => Promise<void>,
): Promise<void> {
  const pumps = host.newPumps();
  await pumps.start();
  const standingOf = async (runId: string): Promise<RunStanding> => {
    const standing = standings[runId];
    if (standing === undefined) throw new Error('Temporal is away');
    return standing;
  };
  const reconciler = startReconciler({ ...host, pumps, log: QUIET, standingOf });
  try {
    await reconciler.first;
    await body(reconciler);
  } finally {
    await reconciler.stop();
  }
}

const isThere = async (id: string): Promise<boolean> => (await host.engine.inspectContainer(id)) !== null;
const withEpoch = (epoch: number) => ({ labels: { [LABELS.epoch]: String(epoch) } });

describe('a host that holds its containers against Temporal', () => {
  it('has removed the one with a revoked lease when its first pass is over, every line stored, and left the valid one', async () => {
    const stale = await host.runOf('moved', TICKS, withEpoch(1));
    const valid = await host.runOf('stays', TICKS, withEpoch(2));
    await until(async () => (await printedBy(host, stale)).length > 0);
    await reconciling({ moved: { state: 'live', epoch: 2 }, stays: { state: 'live', epoch: 2 } }, async () => {
      expect(await isThere(stale)).toBe(false);
      expect(await host.engine.inspectContainer(valid)).toMatchObject({ status: 'running' });
    });
    const numbers = (await host.lines('moved')).map(({ text }) => Number(text));
    expect(numbers).toEqual(numbers.map((_, index) => index));
    expect(numbers.length).toBeGreaterThan(0);
    const [seal] = (await host.lines('moved', ['system'])).slice(-1);
    expect(seal?.text).toMatch(new RegExp(`^sealed: ${numbers.length} lines, 0 gaps`));
    await host.engine.removeContainer(valid);
  });

  it('asks one without a live workflow to end, stores its last words, and removes it', async () => {
    const polite = python(
      'import signal, sys, time\nsignal.signal(signal.SIGTERM, lambda *_: (print("bye"), sys.exit(0)))\nprint("ready")\nwhile True: signal.pause()',
    );
    const orphan = await host.runOf('orphan', polite);
    await until(async () => (await printedBy(host, orphan)).includes('ready'));
    await reconciling({ orphan: { state: 'ended', endedAtMs: 0 } }, async () => {
      await until(async () => !(await isThere(orphan)));
    });
    expect((await host.lines('orphan')).map(({ text }) => text).at(-1)).toBe('bye');
  });

  it.each([
    ['whose lease was revoked', 'SIGKILL', { state: 'live', epoch: 2 }],
    ['without a live workflow', 'SIGTERM', { state: 'ended', endedAtMs: 0 }],
  ] as const)('lets go of one %s before it is ended, and of what was noted of its stop', async (_, by, standing) => {
    const runId = `held-${by.toLowerCase()}`;
    const id = await host.runOf(runId, python('import time\nprint("ready")\ntime.sleep(600)'), withEpoch(1));
    const attempt = { runId, attempt: 1, epoch: 1 };
    await markStop(host.config.data, attempt);
    const acts: string[] = [];
    const pumps = host.newPumps();
    const letRun = (containerId: string): Promise<void> => {
      acts.push('let run');
      return pumps.letRun(containerId);
    };
    const signalContainer: typeof host.engine.signalContainer = (containerId, signal) => {
      acts.push(signal);
      return host.engine.signalContainer(containerId, signal);
    };
    const standingOf = async (): Promise<RunStanding> => standing;
    const engine = { ...host.engine, signalContainer };
    const reconciler = startReconciler({ ...host, engine, pumps: { ...pumps, letRun }, log: QUIET, standingOf });

    await until(async () => !(await isThere(id)) && !(await isStopMarked(host.config.data, attempt)));
    await reconciler.stop();
    expect(acts.slice(0, 2)).toEqual(['let run', by]);
  });

  it('is clean once nothing stale is left, and not again before another pass when it may have been cut off', async () => {
    const standings: Record<string, RunStanding> = { cut: { state: 'live', epoch: 1 } };
    const id = await host.runOf('cut', TICKS, withEpoch(1));
    await reconciling(standings, async (reconciler) => {
      expect(reconciler.reconciled()).toBe('all');
      standings['cut'] = { state: 'live', epoch: 2 };
      reconciler.onCutOff();
      expect(reconciler.reconciled()).toBe('nothing');
      await until(() => reconciler.reconciled() === 'all');
      expect(await isThere(id)).toBe(false);
    });
  });

  it('is not clean while Temporal does not tell, and is by itself once it does', async () => {
    const standings: Record<string, RunStanding> = {};
    const id = await host.runOf('silent', TICKS, withEpoch(1));
    await reconciling(standings, async (reconciler) => {
      // There are no local processes that could be stale.
      expect(reconciler.reconciled()).toBe('processes');
      standings['silent'] = { state: 'live', epoch: 1 };
      await until(() => reconciler.reconciled() === 'all');
    });
    await host.engine.removeContainer(id);
  });

  it('removes one that was made and never started', async () => {
    const { id } = await host.engine.createContainer(
      host.plan({ labels: { ...labelsOfRun('never-started'), [LABELS.epoch]: '1' } }),
    );
    await reconciling({ 'never-started': { state: 'live', epoch: 2 } }, async () => {
      expect(await isThere(id)).toBe(false);
    });
  });

  it('touches nothing while Temporal is away, nor what belongs to another installation', async () => {
    const mine = await host.runOf('mine', TICKS, withEpoch(1));
    const foreign = await host.runOf('foreign', TICKS, { labels: { [LABELS.installation]: 'somebody-else' } });
    await reconciling({ foreign: { state: 'unknown' } }, async () => {
      expect(await isThere(mine)).toBe(true);
      expect(await isThere(foreign)).toBe(true);
    });
    await Promise.all([mine, foreign].map((id) => host.engine.removeContainer(id)));
  });

  it('removes the network of a gang that has ended, once nobody uses it, and leaves that of one that goes on', async () => {
    const networkOf = async (runId: string): Promise<string> => {
      const name = `trainyard-test-${host.config.host.installation}-${runId}`;
      const labels = { [LABELS.installation]: host.config.host.installation, [LABELS.run]: runId };
      await host.engine.ensureNetwork({ name, labels, internal: true });
      return name;
    };
    const [ended, inUse, live] = [await networkOf('ended'), await networkOf('ended-in-use'), await networkOf('live')];
    const user = await host.run(['sleep', '60'], { network: inUse });
    const standings: Record<string, RunStanding> = {
      ended: { state: 'ended', endedAtMs: 0 },
      'ended-in-use': { state: 'ended', endedAtMs: 0 },
      live: { state: 'live', epoch: 1 },
    };
    await reconciling(standings, async () => {
      expect(await host.engine.removeNetwork(ended)).toBe('absent');
      expect(await host.engine.removeNetwork(inUse)).toBe('in-use');
      expect(await host.engine.removeNetwork(live)).toBe('removed');
    });
    await host.engine.removeContainer(user);
    await host.engine.removeNetwork(inUse);
  });
});

function labelsOfRun(runId: string): Record<string, string> {
  return {
    [LABELS.run]: runId,
    [LABELS.attempt]: '1',
    [LABELS.host]: host.config.host.name,
    [LABELS.installation]: host.config.host.installation,
  };
}
