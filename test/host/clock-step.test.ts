import { CLOCK_STEP_MS, newestMs } from '../../host/clock-step';

describe('up to where records are told', () => {
  it('is the newest of them, as two streams are out of order now and then', () => {
    expect(newestMs(10_000, 10_001)).toBe(10_001);
    expect(newestMs(10_000, 10_000 - CLOCK_STEP_MS)).toBe(10_000);
  });

  it('is the last of them where the clock was set back before it', () => {
    expect(newestMs(10_000, 9_999 - CLOCK_STEP_MS)).toBe(9_999 - CLOCK_STEP_MS);
  });
});
