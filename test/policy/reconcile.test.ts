import fc from 'fast-check';

import type { RunState } from '../../contract/state';
import { healingFor, type Comparison, type RowFacts } from '../../policy/heal';
import { judgeContainer, type RunStanding } from '../../policy/reconcile';

const MINUTE = 60_000;
const at = (nowMs: number, orphanSinceMs = nowMs) => ({ nowMs, orphanSinceMs, graceMs: 5 * MINUTE });

describe('judgeContainer', () => {
  it.each<[string, number, RunStanding, ReturnType<typeof at>, string]>([
    ['is left where its lease is valid', 2, { state: 'live', epoch: 2 }, at(0), 'leave'],
    ['is left where its run knows only older leases', 3, { state: 'live', epoch: 2 }, at(0), 'leave'],
    ['goes at once where its lease was revoked', 1, { state: 'live', epoch: 2 }, at(0), 'remove-stale'],
    [
      'goes at once where it was a node of a gang that goes on',
      1,
      { state: 'ended', endedAtMs: 0, isReplaced: true },
      at(0),
      'remove-stale',
    ],
    ['does so where nobody knows the node any more', 1, { state: 'unknown', isReplaced: true }, at(0), 'remove-stale'],
    ['waits after the end of its run', 1, { state: 'ended', endedAtMs: 0 }, at(5 * MINUTE - 1), 'wait'],
    ['goes when the grace after that is over', 1, { state: 'ended', endedAtMs: 0 }, at(5 * MINUTE), 'remove-orphan'],
    ['waits where its run is not known', 1, { state: 'unknown' }, at(9 * MINUTE, 5 * MINUTE), 'wait'],
    ['goes when it was so for the grace', 1, { state: 'unknown' }, at(10 * MINUTE, 5 * MINUTE), 'remove-orphan'],
  ])('a container %s', (_, epoch, standing, times, act) => {
    expect(judgeContainer({ epoch }, standing, times)).toEqual({ act });
  });

  it('never touches one with the valid lease of a live run, whatever the clocks say', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.nat(),
        fc.integer(),
        fc.integer(),
        fc.nat(),
        (epoch, behind, nowMs, sinceMs, graceMs) => {
          const standing: RunStanding = { state: 'live', epoch: Math.max(0, epoch - behind) };
          expect(judgeContainer({ epoch }, standing, { nowMs, orphanSinceMs: sinceMs, graceMs }).act).toBe('leave');
        },
      ),
    );
  });
});

describe('healingFor', () => {
  const LIVE = { status: 'live', execution: 'x', historyLength: 20 } as const;
  const LAST: Comparison = { execution: 'x', historyLength: 20, revision: 4 };
  const row = (state: RunState, more: Partial<RowFacts> = {}): RowFacts => ({
    state,
    revision: 4,
    execution: 'x',
    ...more,
  });

  it.each([
    ['conclude', 'running', { status: 'concluded' }],
    ['close', 'running', { status: 'broken-off' }],
    ['close', 'queued', { status: 'unknown' }],
    ['nothing', 'succeeded', { status: 'concluded' }],
    ['nothing', 'failed', { status: 'broken-off' }],
    ['nothing', 'succeeded', { status: 'unknown' }],
  ] as const)('says %s for a row that is %s and %j', (healing, state, facts) => {
    expect(healingFor(row(state), facts)).toBe(healing);
  });

  it.each<[string, string, RowFacts, Comparison | undefined]>([
    ['nothing', 'nothing came since', row('running'), LAST],
    ['nothing', 'the row is further', row('running', { revision: 5 }), LAST],
    ['report', 'it was never asked', row('running'), undefined],
    ['report', 'its history has grown', row('running'), { ...LAST, historyLength: 19 }],
    ['report', 'the row is behind', row('running', { revision: 3 }), LAST],
    ['report', 'the row is of another execution', row('running', { execution: 'w' }), LAST],
    ['report', 'nobody said of which execution the row is', row('running', { execution: null }), LAST],
    ['report', 'another execution was asked', row('running'), { ...LAST, execution: 'w' }],
    ['report', 'the run has ended for all the row knows', row('failed'), undefined],
  ])('says %s of a workflow that goes on where %s', (healing, _, facts, last) => {
    expect(healingFor(facts, LIVE, last)).toBe(healing);
  });
});
