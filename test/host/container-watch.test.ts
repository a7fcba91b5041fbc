import type { HostNotice } from '../../contract/notice';
import { createContainerWatches, type ContainerWatches } from '../../host/container-watch';
import type { EngineView } from '../../host/engine-views';
import { until } from '../helpers/until';
import { QUIET } from './helpers';

const INPUT = { runId: 'run', attempt: 2, epoch: 3, containerId: 'c'.repeat(64) };
const AWAY_SINCE = new Date(Date.now() - 60_000);

/** Views by hand, and a run that can be out of reach. */
function setUp() {
  const sent: HostNotice[] = [];
  const run = { answer: async (): Promise<boolean> => true, pausedByUs: false };
  let see: (view: EngineView) => void = () => {};
  const watches: ContainerWatches = createContainerWatches({
    engineViews: {
      subscribe: (onView) => {
        see = onView;
        return () => (see = () => {});
      },
    },
    sendNotice: async (_, notice) => {
      const isThere = await run.answer();
      sent.push(notice);
      return isThere;
    },
    isPausedByUs: () => run.pausedByUs,
    config: { host: { name: 'vega' } },
    log: QUIET,
  });
  const look = (state: string, change: Partial<EngineView> = {}): void =>
    see({ awaySince: null, liveRestore: true, states: new Map([[INPUT.containerId, state]]), ...change });
  const away = (change: Partial<EngineView> = {}): void =>
    look('running', { awaySince: AWAY_SINCE, states: null, ...change });
  const heard = (count: number) => until(() => sent.length === count && sent, { everyMs: 5 });
  return { watches, run, sent, look, away, heard };
}

describe('the watch over a container', () => {
  it('tells when its engine is away and when that is over, each once', async () => {
    const { watches, look, away, heard } = setUp();
    const watch = watches.begin(INPUT, {});
    look('running');
    away();
    away();
    await heard(1);
    look('running');
    look('running');
    const [begin, over] = await heard(2);

    expect(begin).toEqual({ attempt: 2, epoch: 3, topic: 'engine-away', message: expect.any(String) });
    expect(begin?.message).toContain(`The Docker Engine of vega has not answered since ${AWAY_SINCE.toISOString()}`);
    expect(over).toEqual({ attempt: 2, epoch: 3, topic: 'engine-away', message: null });
    watch.end();
  });

  it('does not promise that the container goes on where the engine has no live-restore', async () => {
    const { watches, away, heard } = setUp();
    const watch = watches.begin(INPUT, {});
    away({ liveRestore: false });

    expect((await heard(1))[0]?.message).toContain('it has no live-restore');
    expect(watch.liveRestore()).toBe(false);
    watch.end();
  });

  it('tells nothing of an engine that was away for a moment', async () => {
    const { watches, sent, look, away, heard } = setUp();
    const watch = watches.begin(INPUT, {});
    away({ awaySince: new Date() });
    expect(sent).toEqual([]);
    look('paused');
    look('paused');
    expect(await heard(1)).toMatchObject([{ topic: 'paused' }]);
    watch.end();
  });

  it('tells a pause by hand from one of ours, and from one that was over when it was heard of', async () => {
    const { watches, run, look, heard } = setUp();
    run.pausedByUs = true;
    const watch = watches.begin(INPUT, {});
    look('paused');
    look('paused');
    run.pausedByUs = false;
    look('paused');
    look('running');
    look('paused');
    look('paused');

    const notices = await heard(1);
    expect(notices).toMatchObject([
      { topic: 'paused', message: expect.stringContaining('docker unpause cccccccccccc') },
    ]);
    watch.end();
  });

  it('goes on from what the run was told before: by another process, and by itself', async () => {
    const { watches, look, away, heard, sent } = setUp();
    const first = watches.begin(INPUT, { paused: 'Somebody has paused it.' });
    look('running');
    await heard(1);
    away();
    await heard(2);
    await until(() => first.told()['engine-away'] !== undefined);
    first.end();
    watches.begin(INPUT, {});
    look('running');
    await heard(3);

    expect(sent.map(({ topic, message }) => [topic, message === null])).toEqual([
      ['paused', true],
      ['engine-away', false],
      ['engine-away', true],
    ]);
  });

  it('passes on what the pump has to tell', async () => {
    const { watches, look, heard } = setUp();
    const news = { topic: 'log-disk-full', message: 'There is no room.' } as const;
    watches.takeFromPump(INPUT.containerId, news);
    const watch = watches.begin(INPUT, {});
    look('running');
    await heard(1);
    watches.takeFromPump(INPUT.containerId, { ...news, message: null });
    look('running');

    expect(await heard(2)).toMatchObject([news, { ...news, message: null }]);
    watch.end();
  });
});

describe('a run that cannot be told', () => {
  it('is told the newest when it can be, and never what was over by then', async () => {
    const { watches, run, sent, look, away, heard } = setUp();
    let tries = 0;
    run.answer = async () => {
      tries += 1;
      throw new Error('Temporal is away');
    };
    const watch = watches.begin(INPUT, {});
    look('paused');
    look('paused');
    await until(() => tries === 1, { everyMs: 5 });
    look('running');
    away();
    run.answer = async () => true;

    expect(await heard(1)).toMatchObject([{ topic: 'engine-away' }]);
    expect(watch.told()).toEqual({ 'engine-away': sent[0]?.message });
    watch.end();
  });

  it('is left alone once it has ended', async () => {
    const { watches, run, look, away, heard } = setUp();
    run.answer = async () => false;
    const watch = watches.begin(INPUT, {});
    away();
    await heard(1);
    look('running');
    look('paused');
    look('paused');

    expect(await heard(1)).toHaveLength(1);
    watch.end();
  });
});
