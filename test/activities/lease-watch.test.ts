import { watchLease } from '../../activities/lease-watch';
import type { RunStanding } from '../../policy/reconcile';

const IDENTITY = { runId: 'r', attempt: 1, epoch: 2 };

function watched(
  standing: RunStanding,
  tookMs: number,
  waitedMs = 0,
): { check: () => Promise<void>; asked: () => number } {
  let asked = 0;
  const check = watchLease(
    async () => {
      asked += 1;
      return standing;
    },
    IDENTITY,
    Date.now() - waitedMs,
  );
  jest.setSystemTime(Date.now() + tookMs);
  return { check, asked: () => asked };
}

beforeEach(() => jest.useFakeTimers({ doNotFake: ['performance'] }));
afterEach(() => jest.useRealTimers());

describe('the lease of a call', () => {
  it('is not asked about while it cannot have been lost', async () => {
    const { check, asked } = watched({ state: 'live', epoch: 9 }, 9_000);
    await expect(check()).resolves.toBeUndefined();
    expect(asked()).toBe(0);
  });

  it('is asked about where the call was long on its way to this process', async () => {
    const { check, asked } = watched({ state: 'live', epoch: 2 }, 0, 10_000);
    await expect(check()).resolves.toBeUndefined();
    expect(asked()).toBe(1);
  });

  it('is good after a long time where the epoch is still its own', async () => {
    await expect(watched({ state: 'live', epoch: 2 }, 60_000).check()).resolves.toBeUndefined();
  });

  it.each<[RunStanding, string]>([
    [{ state: 'live', epoch: 3 }, 'its epoch is 3 now'],
    [{ state: 'ended', endedAtMs: 0 }, 'its workflow is ended'],
    [{ state: 'unknown' }, 'its workflow is unknown'],
  ])('is over after a long time where Temporal says %j', async (standing, why) => {
    await expect(watched(standing, 60_000).check()).rejects.toThrow(`epoch 2 of r is not valid any more; ${why}`);
  });
});
