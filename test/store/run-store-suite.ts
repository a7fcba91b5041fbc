import type { HostReport } from '../../contract/host';
import { InvalidCursorError, type RunQuery, type RunStore } from '../../store/run-store';
import { describeExecutions } from './run-executions';
import { SPEC, sampleAttempt, sampleEvent, sampleHost, sampleRun, sampleUpdate } from './sample-run';

/** What a store stands on; `now` is what it takes for the present. */
export interface StoreUnderTest {
  store: RunStore;
  /** Opens what is stored once more, as another process would. */
  reopen(): Promise<RunStore>;
  /** Frees all of it. */
  end(): Promise<void>;
}

export const NOW = new Date('2026-11-24T12:00:00.000Z');

/** What every form of the run store must do. */
export function describeRunStore(form: string, open: () => Promise<StoreUnderTest>): void {
  describe(`the run store in ${form}`, () => {
    let underTest: StoreUnderTest;
    let store: RunStore;

    beforeEach(async () => {
      underTest = await open();
      store = underTest.store;
    });
    afterEach(() => underTest.end());

    const idsOf = async (query: Partial<RunQuery>): Promise<string[]> =>
      (await store.listRuns({ limit: 100, ...query })).items.map(({ id }) => id);

    describe('keeps a run', () => {
      test('gives back what was put in, with its attempts in order and its spec', async () => {
        const run = sampleRun({ labels: { team: 'vision' }, recipe: 'digits', schedule: 'nightly' });
        const attempts = [
          sampleAttempt({ number: 2 }),
          sampleAttempt({ reason: 'exit-code', logLines: 7, logGaps: 0 }),
        ];

        await store.applyUpdate({ revision: 1, run, attempts, events: [], spec: SPEC });

        expect(await store.getRun(run.id)).toEqual({ run, attempts: attempts.toReversed(), spec: SPEC });
        expect(await (await underTest.reopen()).getRun(run.id)).toEqual({
          run,
          attempts: attempts.toReversed(),
          spec: SPEC,
        });
      });

      test('knows nothing of a run that nobody told it of', async () => {
        expect(await store.getRun('nobody')).toBeNull();
        expect(await store.listEvents('nobody', 0, 10)).toEqual([]);
      });

      test('keeps a run that never had a spec', async () => {
        await store.applyUpdate(sampleUpdate({ state: 'failed', reason: 'invalid-spec' }, { spec: undefined }));

        expect((await store.getRun('run-1'))?.spec).toBeNull();
      });

      test('lists a queued run before its workflow reports, and lets the first report go over it', async () => {
        await store.insertQueued(sampleRun({ state: 'queued' }), SPEC);
        expect((await store.getRun('run-1'))?.run.state).toBe('queued');

        await store.applyUpdate(sampleUpdate({ state: 'pulling' }, { revision: 0, spec: undefined }));

        expect(await store.getRun('run-1')).toMatchObject({ run: { state: 'pulling' }, spec: SPEC });
      });

      test('does not put back to queued what has reported already', async () => {
        await store.applyUpdate(sampleUpdate({ state: 'running' }));

        await store.insertQueued(sampleRun({ state: 'queued' }), SPEC);

        expect((await store.getRun('run-1'))?.run.state).toBe('running');
      });
    });

    describe('closes a run whose workflow can say no more', () => {
      const END = '2026-11-24T11:00:00.000Z';

      test('with its reason, its open attempt, and an event of its own', async () => {
        const events = [sampleEvent({ seq: 1 }), sampleEvent({ seq: 2 })];
        await store.applyUpdate(sampleUpdate({}, { attempts: [sampleAttempt()], events }));

        expect(await store.closeRun('run-1', { reason: 'workflow-terminated', endedAt: END })).toBe(true);

        const stored = await store.getRun('run-1');
        expect(stored?.run).toMatchObject({ state: 'failed', reason: 'workflow-terminated', endedAt: END });
        expect(stored?.attempts).toMatchObject([{ reason: 'workflow-terminated', endedAt: END }]);
        expect(await store.listEvents('run-1', 2, 10)).toMatchObject([{ seq: 3, state: 'failed', at: END }]);
        expect((await store.stats()).byState).toMatchObject({ running: 0, failed: 1 });
      });

      test('once, and never one that has ended or is not known', async () => {
        await store.applyUpdate(sampleUpdate({ state: 'succeeded', reason: 'completed', endedAt: END }));

        expect(await store.closeRun('run-1', { reason: 'workflow-terminated', endedAt: END })).toBe(false);
        expect(await store.closeRun('nobody', { reason: 'workflow-terminated', endedAt: END })).toBe(false);
        expect((await store.getRun('run-1'))?.run.state).toBe('succeeded');
      });
    });

    describeExecutions(() => store);

    describe('takes updates', () => {
      test('changes nothing by one that comes late or twice, but keeps its events', async () => {
        const newest = sampleUpdate({ state: 'succeeded' }, { revision: 3, events: [sampleEvent({ seq: 3 })] });
        await store.applyUpdate(newest);

        await store.applyUpdate(newest);
        await store.applyUpdate(sampleUpdate({ state: 'running' }, { revision: 2, events: [sampleEvent({ seq: 2 })] }));

        expect((await store.getRun('run-1'))?.run.state).toBe('succeeded');
        expect((await store.listEvents('run-1', 0, 10)).map(({ seq }) => seq)).toEqual([2, 3]);
      });

      test('takes the spec from the update that has it, also when it comes late', async () => {
        await store.applyUpdate(sampleUpdate({}, { revision: 2, spec: undefined }));

        await store.applyUpdate(sampleUpdate({}, { revision: 1 }));

        expect((await store.getRun('run-1'))?.spec).toEqual(SPEC);
      });

      test('takes a spec that was changed, and not one that is older', async () => {
        const changed = { ...SPEC, labels: { kept: 'yes' } };
        await store.applyUpdate(sampleUpdate({}, { revision: 1 }));
        await store.applyUpdate(sampleUpdate({}, { revision: 3, spec: changed }));
        await store.applyUpdate(sampleUpdate({}, { revision: 4, spec: undefined }));
        await store.applyUpdate(sampleUpdate({}, { revision: 2 }));

        expect((await store.getRun('run-1'))?.spec).toEqual(changed);
      });

      test('brings attempts up to date', async () => {
        await store.applyUpdate(sampleUpdate({}, { attempts: [sampleAttempt()] }));
        const ended = sampleAttempt({ reason: 'completed', exitCode: 0, logLines: 10, logGaps: 0 });

        await store.applyUpdate(sampleUpdate({}, { revision: 2, attempts: [ended, sampleAttempt({ number: 2 })] }));

        expect((await store.getRun('run-1'))?.attempts).toEqual([ended, sampleAttempt({ number: 2 })]);
      });

      test('finds a run by its new labels only', async () => {
        await store.applyUpdate(sampleUpdate({ labels: { team: 'vision' } }));

        await store.applyUpdate(sampleUpdate({ labels: { team: 'speech' } }, { revision: 2 }));

        expect(await idsOf({ labels: { team: 'vision' } })).toEqual([]);
        expect(await idsOf({ labels: { team: 'speech' } })).toEqual(['run-1']);
      });
    });

    describe('keeps events', () => {
      test('gives those of a run after a number, oldest first, at most as many as asked', async () => {
        const events = [1, 2, 3, 4].map((seq) => sampleEvent({ seq }));
        await store.applyUpdate(sampleUpdate({}, { events }));

        expect(await store.listEvents('run-1', 1, 2)).toEqual([events[1], events[2]]);
      });

      test('has all of them in one feed whose positions only grow', async () => {
        await store.applyUpdate(sampleUpdate({ id: 'a' }, { events: [sampleEvent({ runId: 'a' })] }));
        const end = await store.feedEnd();
        await store.applyUpdate(sampleUpdate({ id: 'b' }, { events: [sampleEvent({ runId: 'b' })] }));
        await store.applyUpdate(
          sampleUpdate({ id: 'a' }, { revision: 2, events: [sampleEvent({ runId: 'a', seq: 2 })] }),
        );

        const feed = await store.readFeed(end, 10);

        expect(feed.map(({ event }) => [event.runId, event.seq])).toEqual([
          ['b', 1],
          ['a', 2],
        ]);
        expect(feed[0]!.position).toBeGreaterThan(end);
        expect(feed[1]!.position).toBeGreaterThan(feed[0]!.position);
        expect(await store.feedEnd()).toBe(feed[1]!.position);
        expect(await store.readFeed(feed[1]!.position, 10)).toEqual([]);
      });

      test('begins an empty feed at 0', async () => {
        expect(await store.feedEnd()).toBe(0);
        expect(await store.readFeed(0, 10)).toEqual([]);
      });
    });

    describe('lists runs', () => {
      beforeEach(async () => {
        const add = (id: string, minute: number, changes: Parameters<typeof sampleRun>[0]) =>
          store.applyUpdate(sampleUpdate({ id, createdAt: `2026-11-24T03:0${minute}:00.000Z`, ...changes }));
        await add('a', 1, { state: 'succeeded', recipe: 'digits', labels: { team: 'vision', size: 's' } });
        await add('b', 2, { state: 'failed', recipe: 'digits', rerunOf: 'a', labels: { team: 'vision', size: 'm' } });
        await add('c', 3, {
          state: 'running',
          schedule: 'nightly',
          name: 'Big_Model',
          owner: 'ada',
          project: 'x',
          pool: 'big',
        });
        await add('d1', 4, { state: 'queued', recipe: 'other', labels: { team: 'speech' }, project: 'x' });
        await add('d2', 4, { state: 'succeeded', recipe: 'digits', schedule: 'nightly', rerunOf: 'a' });
      });

      test('newest first, and of the same moment by id', async () => {
        expect(await idsOf({})).toEqual(['d2', 'd1', 'c', 'b', 'a']);
      });

      test.each<[string, Partial<RunQuery>, string[]]>([
        ['one state', { state: ['succeeded'] }, ['d2', 'a']],
        ['several states', { state: ['failed', 'succeeded', 'queued'] }, ['d2', 'd1', 'b', 'a']],
        ['no state in particular', { state: [] }, ['d2', 'd1', 'c', 'b', 'a']],
        ['a recipe', { recipe: 'digits' }, ['d2', 'b', 'a']],
        ['a recipe and states', { recipe: 'digits', state: ['failed', 'succeeded'] }, ['d2', 'b', 'a']],
        ['a schedule', { schedule: 'nightly' }, ['d2', 'c']],
        ['a recipe and a schedule', { recipe: 'digits', schedule: 'nightly' }, ['d2']],
        ['the run that they repeat', { rerunOf: 'a' }, ['d2', 'b']],
        ['that, a recipe and a state', { rerunOf: 'a', recipe: 'digits', state: ['failed'] }, ['b']],
        ['an owner', { owner: 'ada' }, ['c']],
        ['a project', { project: 'x' }, ['d1', 'c']],
        ['a project and what goes on in it', { project: 'x', state: ['running'] }, ['c']],
        ['a project and an end', { project: 'default', state: ['failed', 'queued'] }, ['b']],
        ['a pool and a project', { pool: 'default', project: 'x' }, ['d1']],
        ['a label and that', { labels: { team: 'vision' }, rerunOf: 'a' }, ['b']],
        ['a label', { labels: { team: 'vision' } }, ['b', 'a']],
        ['labels', { labels: { team: 'vision', size: 's' } }, ['a']],
        ['a label and a state', { labels: { team: 'vision' }, state: ['failed', 'queued'] }, ['b']],
        ['a label that no run has', { labels: { team: 's' } }, []],
        ['part of a name, in any case', { text: 'big' }, ['c']],
        ['part of an id', { text: 'D2' }, ['d2']],
        ['a text with a wildcard of SQL in it', { text: 'g_m' }, ['c']],
        ['a text that only a wildcard would match', { text: '%' }, []],
        ['a time from', { createdAfter: '2026-11-24T04:03:00+01:00' }, ['d2', 'd1', 'c']],
        ['a time before', { createdBefore: '2026-11-24T03:03:00Z' }, ['b', 'a']],
        ['both', { createdAfter: '2026-11-24T03:02:00Z', createdBefore: '2026-11-24T03:04:00Z' }, ['c', 'b']],
      ])('by %s, in whole and page by page', async (_, query, expected) => {
        expect(await idsOf(query)).toEqual(expected);
        expect(await readPages({ ...query, limit: 1 })).toEqual(expected);
        expect(await readPages({ ...query, limit: 2 })).toEqual(expected);
      });

      test('says at a page that ends with the last run that it is the end', async () => {
        expect(await store.listRuns({ limit: 5 })).toMatchObject({ next: null });
        expect((await store.listRuns({ limit: 4 })).next).toEqual(expect.any(String));
      });

      test('goes on after the page before although new runs have come', async () => {
        const first = await store.listRuns({ limit: 2 });
        await store.applyUpdate(sampleUpdate({ id: 'e', createdAt: '2026-11-24T03:09:00.000Z' }));

        expect(await idsOf({ cursor: first.next! })).toEqual(['c', 'b', 'a']);
      });

      test.each([['nonsense'], [''], ['WzEsMl0'], ['e30'], ['bnVsbA']])('refuses the cursor "%s"', async (cursor) => {
        await expect(store.listRuns({ limit: 2, cursor })).rejects.toThrow(InvalidCursorError);
      });

      test.each([[0], [501], [1.5]])('refuses a limit of %d', async (limit) => {
        await expect(store.listRuns({ limit })).rejects.toThrow(RangeError);
      });

      async function readPages(query: RunQuery): Promise<string[]> {
        const ids: string[] = [];
        for (let cursor: string | null | undefined; cursor !== null;) {
          const page = await store.listRuns({ ...query, cursor });
          ids.push(...page.items.map(({ id }) => id));
          cursor = page.next;
        }
        return ids;
      }
    });

    describe('counts runs', () => {
      test('that wait in a pool, by project and by owner', async () => {
        const add = (id: string, changes: Parameters<typeof sampleRun>[0]) =>
          store.applyUpdate(sampleUpdate({ id, state: 'queued', ...changes }));
        await add('a', { project: 'x', owner: 'ada' });
        await add('b', { project: 'x', owner: 'bob' });
        await add('c', { project: 'y', owner: 'ada', state: 'running' });
        await add('d', { project: 'y', owner: 'ada', pool: 'big' });

        expect(await store.countQueued('default')).toEqual({
          total: 2,
          byProject: new Map([['x', 2]]),
          byOwner: new Map([
            ['ada', 1],
            ['bob', 1],
          ]),
        });
        expect((await store.countQueued('none')).total).toBe(0);
        expect(await store.countQueued('default', ['b', 'c', 'gone'])).toEqual({
          total: 1,
          byProject: new Map([['x', 1]]),
          byOwner: new Map([['ada', 1]]),
        });
      });

      test('has zeros and nulls before there are any', async () => {
        const stats = await store.stats();

        expect(stats).toMatchObject({ total: 0, byReason: {}, successRate: null, medianDurationSeconds: null });
        expect(stats.byState).toMatchObject({ queued: 0, succeeded: 0 });
        expect(stats.last24Hours).toBe(0);
      });

      test('follows each run through its states', async () => {
        const day = 86_400_000;
        const ago = (milliseconds: number): string => new Date(NOW.getTime() - milliseconds).toISOString();
        const ended = (id: string, seconds: number) =>
          sampleUpdate(
            {
              id,
              state: 'succeeded',
              reason: 'completed',
              createdAt: ago(2 * day),
              startedAt: ago(seconds * 1000),
              endedAt: ago(0),
            },
            { revision: 2 },
          );
        await store.insertQueued(sampleRun({ id: 'a', state: 'queued', createdAt: ago(1000) }), SPEC);
        for (const [id, seconds] of [['b', 10] as const, ['c', 20] as const, ['d', 60] as const]) {
          await store.applyUpdate(sampleUpdate({ id, state: 'running', createdAt: ago(2 * day) }));
          await store.applyUpdate(ended(id, seconds));
          await store.applyUpdate(ended(id, seconds));
        }
        await store.applyUpdate(
          sampleUpdate({ id: 'e', state: 'failed', reason: 'exit-code', createdAt: ago(day + 1) }),
        );
        await store.applyUpdate(sampleUpdate({ id: 'f', state: 'retrying', reason: 'exit-code', createdAt: ago(0) }));

        const stats = await store.stats();

        expect(stats.total).toBe(6);
        expect(stats.byState).toMatchObject({ queued: 1, running: 0, retrying: 1, succeeded: 3, failed: 1 });
        expect(stats.byReason).toEqual({ completed: 3, 'exit-code': 1 });
        expect(stats.successRate).toBe(0.75);
        expect(stats.medianDurationSeconds).toBe(20);
        expect(stats.last24Hours).toBe(2);
      });
    });

    describe('keeps hosts', () => {
      test('has the newest report of each, by name', async () => {
        await store.reportHost(sampleHost({ name: 'two' }));
        await store.reportHost(sampleHost({ name: 'one' }));
        const newer = sampleHost({ engineReady: false, engineProblem: 'away', reportedAt: '2026-11-24T03:00:05.000Z' });
        await store.reportHost(newer);
        await store.reportHost(sampleHost({ reportedAt: '2026-11-24T03:00:04.000Z' }));

        expect(await store.listHosts()).toEqual([newer, sampleHost({ name: 'two' })]);
      });

      test('forgets one, unless it has reported since', async () => {
        const { reportedAt } = sampleHost();
        await store.reportHost(sampleHost({ reportedAt: '2026-11-24T05:00:05.000Z' }));
        expect(await store.removeHost('one', reportedAt)).toBe(false);
        expect(await store.listHosts()).toHaveLength(1);
        expect(await store.removeHost('one', '2026-11-24T05:00:05.000Z')).toBe(true);
        expect(await store.removeHost('one', '2026-11-24T05:00:05.000Z')).toBe(false);
        await store.reportHost(sampleHost());
        expect(await store.listHosts()).toEqual([sampleHost()]);
      });

      test('reads a report from before hosts told of pools, labels, GPUs and disks', async () => {
        const { pool, labels, gpus, disks, flags, refuses, reconciled, kernel, operatingSystem, ...older } =
          sampleHost();
        await store.reportHost(older as HostReport);

        const unknown = { kernel: null, operatingSystem: null, disks: [] };
        const rest = { pool, labels, gpus, flags, refuses, reconciled };
        expect(kernel && operatingSystem && disks).toBeTruthy();
        expect(await store.listHosts()).toEqual([{ ...older, ...rest, ...unknown }]);
      });
    });

    test('closes twice without harm', async () => {
      await store.close();
      await store.close();
    });
  });
}
