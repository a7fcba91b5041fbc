import type { SilenceReport } from '../../contract/notice';
import type { ContainerInfo, LogRecord } from '../../docker/engine';
import type { EngineView } from '../../host/engine-views';
import { createSilenceWatches, type SilenceWatches } from '../../host/silence-watch';
import { QUIET } from './helpers';

const MINUTE = 60_000;
const ID = 'c'.repeat(64);
const INPUT = { runId: 'run', attempt: 2, epoch: 3, containerId: ID, silenceMs: 10 * MINUTE };
const START = Date.parse('2026-11-24T10:00:00.000Z');

/** A clock and an engine by hand: what its log has, and how the container is. */
function setUp() {
  const world = {
    nowMs: START,
    lastLineMs: null as number | null,
    checkpointMs: null as number | null,
    state: 'running',
  };
  const sent: SilenceReport[] = [];
  const run = { answer: async (): Promise<boolean> => true, asked: 0, heldBack: false, aheadMs: 0 };
  let see: (view: EngineView) => void = () => {};
  const watches: SilenceWatches = createSilenceWatches({
    engine: {
      inspectContainer: async () => ({ status: world.state }) as ContainerInfo,
      readLogs: async function* () {
        run.asked += 1;
        if (world.lastLineMs === null) return;
        yield [{ time: new Date(world.lastLineMs + run.aheadMs).toISOString() } as LogRecord];
      },
    },
    engineViews: {
      subscribe: (onView) => {
        see = onView;
        return () => (see = () => {});
      },
    },
    clock: {
      get aheadMs() {
        return run.aheadMs;
      },
      adjust: async () => undefined,
    },
    isHeldBack: () => run.heldBack,
    lastCheckpointAt: async () => world.checkpointMs,
    sendSilence: async (_, report) => {
      const isThere = await run.answer();
      sent.push(report);
      return isThere;
    },
    log: QUIET,
    now: () => world.nowMs,
  });
  const look = (change: Partial<EngineView> = {}): void =>
    see({ awaySince: null, liveRestore: true, states: new Map([[ID, world.state]]), ...change });
  /** Time passes under the eyes of the worker. */
  const pass = async (ms: number, change: Partial<EngineView> = {}): Promise<void> => {
    for (const end = world.nowMs + ms; world.nowMs < end;) {
      world.nowMs = Math.min(end, world.nowMs + 10_000);
      look(change);
      await settled();
    }
  };
  return { watches, world, run, sent, look, pass };
}

/** What was set off by hand and waits for nothing outside is done. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the ear at a container', () => {
  it('reports one that is silent for as long as the policy lets it, once, and since when', async () => {
    const { watches, sent, pass } = setUp();
    const watch = watches.begin(INPUT, null);
    await pass(9.9 * MINUTE);
    expect(sent).toEqual([]);
    await pass(MINUTE);

    expect(sent).toEqual([{ attempt: 2, silenceMs: 10 * MINUTE, since: new Date(START).toISOString() }]);
    expect(watch.silentMs()).toBe(10.9 * MINUTE);
    watch.end();
  });

  it('goes by the time at which the engine took a line, by the clock of that engine', async () => {
    const { watches, world, run, sent, pass } = setUp();
    run.aheadMs = 45 * MINUTE;
    watches.begin(INPUT, null);
    world.lastLineMs = START + 7 * MINUTE;
    await pass(16 * MINUTE);
    expect(sent).toEqual([]);
    await pass(MINUTE);

    expect(sent).toMatchObject([{ since: new Date(START + 7 * MINUTE).toISOString() }]);
  });

  it('asks the engine only when the container could be silent', async () => {
    const { watches, world, run, sent, pass } = setUp();
    watches.begin(INPUT, null);
    for (let minute = 0; minute < 60; minute += 1) {
      world.lastLineMs = world.nowMs;
      await pass(MINUTE);
    }

    expect(sent).toEqual([]);
    expect(run.asked).toBeLessThan(10);
  });

  it('hears a checkpoint like a line', async () => {
    const { watches, world, sent, pass } = setUp();
    watches.begin(INPUT, null);
    world.checkpointMs = START + 9 * MINUTE;
    await pass(18 * MINUTE);

    expect(sent).toEqual([]);
  });

  it.each<[string, (setup: ReturnType<typeof setUp>) => Promise<void>]>([
    ['the engine is away', ({ pass, world }) => pass(20 * MINUTE, { awaySince: new Date(world.nowMs), states: null })],
    [
      'somebody has paused it',
      async ({ pass, world }) => {
        world.state = 'paused';
        await pass(20 * MINUTE);
        world.state = 'running';
      },
    ],
    [
      'we hold it back',
      async ({ pass, run }) => {
        run.heldBack = true;
        await pass(20 * MINUTE);
        run.heldBack = false;
      },
    ],
    [
      'nobody looks, because the machine stands still',
      async ({ world, look }) => {
        world.nowMs += 20 * MINUTE;
        look();
        await settled();
      },
    ],
  ])('does not count time in which %s', async (_, interlude) => {
    const setup = setUp();
    setup.watches.begin(INPUT, null);
    await setup.pass(MINUTE);
    await interlude(setup);
    await setup.pass(8 * MINUTE);
    expect(setup.sent).toEqual([]);
    await setup.pass(2 * MINUTE);

    expect(setup.sent).toHaveLength(1);
  });

  it('goes on from what the one before has heard, and does not count the time between', async () => {
    const first = setUp();
    const watch = first.watches.begin(INPUT, null);
    await first.pass(6 * MINUTE);
    const next = setUp();
    next.world.nowMs = START + 26 * MINUTE;
    next.watches.begin(INPUT, watch.silentMs());
    await next.pass(3.9 * MINUTE);
    expect(next.sent).toEqual([]);
    await next.pass(MINUTE);

    expect(next.sent).toHaveLength(1);
  });

  it('ends nothing that printed while no worker was there, though nothing of it was read yet', async () => {
    const { watches, world, sent, pass } = setUp();
    world.lastLineMs = START - MINUTE;
    watches.begin(INPUT, 9.9 * MINUTE);
    await pass(8 * MINUTE);

    expect(sent).toEqual([]);
  });

  it('tells a run that is out of reach as soon as it can, if the container is silent still', async () => {
    const { watches, world, run, sent, pass } = setUp();
    run.answer = () => Promise.reject(new Error('Temporal is away'));
    watches.begin(INPUT, null);
    await pass(15 * MINUTE);
    world.lastLineMs = world.nowMs;
    run.answer = async () => true;
    await pass(9 * MINUTE);
    expect(sent).toEqual([]);
    await pass(2 * MINUTE);

    expect(sent).toHaveLength(1);
  });

  it('listens to nothing where the policy sets no limit', async () => {
    const { watches, run, pass } = setUp();
    const { silenceMs: _, ...unlimited } = INPUT;
    const watch = watches.begin(unlimited, null);
    await pass(24 * 60 * MINUTE);

    expect([run.asked, watch.silentMs()]).toEqual([0, null]);
  });

  it('says nothing of a container that has ended in the meantime', async () => {
    const { watches, world, sent, pass, look } = setUp();
    watches.begin(INPUT, null);
    await pass(9.9 * MINUTE);
    world.state = 'exited';
    world.nowMs += 10_000;
    look({ states: new Map([[ID, 'running']]) });
    await settled();

    expect(sent).toEqual([]);
  });
});
