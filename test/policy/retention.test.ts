import fc from 'fast-check';

import { type LogFacts, planRetention, type RetentionRules } from '../../policy/retention';

const DAY_MS = 86_400_000;
const NOW_MS = Date.parse('2026-11-24T00:00:00Z');

const log = (runId: string, endedDaysAgo: number | null, changes: Partial<LogFacts> = {}): LogFacts => ({
  runId,
  bytes: 100,
  endedAtMs: endedDaysAgo === null ? null : NOW_MS - endedDaysAgo * DAY_MS,
  retention: null,
  ...changes,
});

const plan = (logs: LogFacts[], rules: Partial<RetentionRules>) =>
  planRetention(logs, { retention: 'forever', maxTotalBytes: 0, ...rules }, NOW_MS);

describe('age', () => {
  test('takes what was kept long enough, the oldest first, and leaves the rest', () => {
    const logs = [log('a', 31), log('b', 29), log('c', 40), log('d', 30), log('live', null)];

    expect(plan(logs, { retention: '30d' })).toEqual({
      removals: ['c', 'a', 'd'].map((runId) => ({ runId, bytes: 100, because: 'age' })),
      overBytes: 0,
    });
  });

  test('is what a run says itself, where it does', () => {
    const logs = [log('short', 2, { retention: '1d' }), log('long', 50, { retention: '90d' })];
    const ever = log('ever', 5_000, { retention: 'forever' });

    expect(plan([...logs, ever], { retention: '30d' }).removals.map(({ runId }) => runId)).toEqual(['short']);
  });
});

describe('size', () => {
  test('takes as few as will do, of the runs that ended first', () => {
    const logs = [log('c', 1), log('a', 3), log('b', 2), log('live', null)];

    expect(plan(logs, { maxTotalBytes: 250 })).toEqual({
      removals: ['a', 'b'].map((runId) => ({ runId, bytes: 100, because: 'size' })),
      overBytes: 0,
    });
  });

  test('counts what age takes anyway', () => {
    const removals = plan([log('old', 40), log('new', 1)], { retention: '30d', maxTotalBytes: 100 }).removals;

    expect(removals.map(({ runId, because }) => [runId, because])).toEqual([['old', 'age']]);
  });

  test('leaves runs alone that have a retention of their own, and live ones, and says what is still too much', () => {
    const logs = [log('promised', 9, { retention: '90d' }), log('live', null), log('a', 1)];

    expect(plan(logs, { maxTotalBytes: 50 })).toEqual({
      removals: [{ runId: 'a', bytes: 100, because: 'size' }],
      overBytes: 150,
    });
  });
});

describe('whatever the logs and the rules are', () => {
  const retention = fc.constantFrom('1d', '12h', '30d', '365d', 'forever');
  const logs = fc
    .array(
      fc.record({
        bytes: fc.nat(1_000),
        endedAtMs: fc.option(fc.integer({ min: NOW_MS - 400 * DAY_MS, max: NOW_MS + DAY_MS })),
        retention: fc.option(retention),
      }),
      { maxLength: 30 },
    )
    .map((all) => all.map((facts, index) => ({ ...facts, runId: `run-${index}` })));
  const rules = fc.record({ retention, maxTotalBytes: fc.oneof(fc.constant(0), fc.nat(20_000)) });

  const check = (property: (logs: LogFacts[], rules: RetentionRules) => void): void =>
    fc.assert(fc.property(logs, rules, property), { numRuns: 500 });

  const split = (all: LogFacts[], { removals }: ReturnType<typeof planRetention>) => ({
    kept: all.filter(({ runId }) => removals.every((removal) => removal.runId !== runId)),
    bySize: all.filter(({ runId }) => removals.some((r) => r.runId === runId && r.because === 'size')),
  });

  test('nothing of a live run is removed, and nothing twice', () => {
    check((all, given) => {
      const removed = planRetention(all, given, NOW_MS).removals.map(({ runId }) => runId);

      expect(new Set(removed).size).toBe(removed.length);
      for (const { runId, endedAtMs } of all) if (endedAtMs === null) expect(removed).not.toContain(runId);
    });
  });

  test('afterwards all fits, or nothing is left that may be removed', () => {
    check((all, given) => {
      const outcome = planRetention(all, given, NOW_MS);
      const { kept } = split(all, outcome);
      const keptBytes = kept.reduce((sum, { bytes }) => sum + bytes, 0);

      expect(outcome.overBytes).toBe(given.maxTotalBytes === 0 ? 0 : Math.max(0, keptBytes - given.maxTotalBytes));
      if (outcome.overBytes > 0) expect(kept.filter((l) => l.endedAtMs !== null && l.retention === null)).toEqual([]);
    });
  });

  test('the limit takes no log of a run that ended after one that it leaves', () => {
    check((all, given) => {
      const { kept, bySize } = split(all, planRetention(all, given, NOW_MS));
      const spared = kept.filter((l) => l.endedAtMs !== null && l.retention === null);

      for (const taken of bySize) for (const left of spared) expect(taken.endedAtMs! <= left.endedAtMs!).toBe(true);
    });
  });

  test('a second plan for what is left removes nothing more', () => {
    check((all, given) => {
      const { kept } = split(all, planRetention(all, given, NOW_MS));

      expect(planRetention(kept, given, NOW_MS).removals).toEqual([]);
    });
  });

  test('the order in which the logs are given does not matter', () => {
    check((all, given) => {
      expect(planRetention(all.toReversed(), given, NOW_MS)).toEqual(planRetention(all, given, NOW_MS));
    });
  });

  test('what is removed for its age has been kept that long', () => {
    check((all, given) => {
      for (const { runId, because } of planRetention(all, given, NOW_MS).removals) {
        if (because === 'size') continue;
        const { endedAtMs, retention: own } = all.find((l) => l.runId === runId)!;
        const days = { '1d': 1, '12h': 0.5, '30d': 30, '365d': 365, forever: Infinity }[own ?? given.retention]!;
        expect(NOW_MS - endedAtMs!).toBeGreaterThanOrEqual(days * DAY_MS);
      }
    });
  });
});
