import { createHeldTimes } from '../../host/held-times';

describe('the times in which a container was held', () => {
  it('count whole for a pause and nearly so for a hundredth of a CPU, as far as they lie between two moments', () => {
    let nowMs = 1000;
    const held = createHeldTimes(() => nowMs);
    held.begin('slow');
    nowMs = 1100;
    held.begin('pause');
    nowMs = 1150;
    expect(held.heldMs(0, 5000)).toBe(90 + 3900);

    held.end();
    expect(held.heldMs(0, 5000)).toBe(90 + 50);
    expect(held.heldMs(1050, 1120)).toBe(45 + 20);
    expect(held.heldMs(1150, 5000)).toBe(0);
    expect(held.heldMs(0, 1000)).toBe(0);
  });

  it('end once', () => {
    let nowMs = 0;
    const held = createHeldTimes(() => nowMs);
    held.end();
    held.begin('pause');
    nowMs = 10;
    held.end();
    nowMs = 20;
    held.end();
    expect(held.heldMs(0, 100)).toBe(10);
  });
});
