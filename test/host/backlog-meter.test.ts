import type { LogRecord } from '../../docker/engine';
import { createBacklogMeter } from '../../host/backlog-meter';

const START_MS = Date.parse('2026-01-01T00:00:00Z');

function records(ageMs: number, nowMs: number, count: number): LogRecord[] {
  const time = new Date(nowMs - ageMs).toISOString().replace('Z', '000000Z');
  return Array.from({ length: count }, () => ({ time, stream: 'stdout', data: Buffer.alloc(20), complete: true }));
}

describe('createBacklogMeter', () => {
  it('is not behind however much comes, while it comes fresh', () => {
    const meter = createBacklogMeter(1000, () => START_MS);
    expect(Array.from({ length: 50 }, () => meter.isBehind(records(100, START_MS, 10)))).not.toContain(true);
  });

  it('is behind once more than the limit came late, and no longer when it has caught up', () => {
    const meter = createBacklogMeter(1000, () => START_MS);
    meter.isBehind(records(0, START_MS, 1));
    expect(meter.isBehind(records(2000, START_MS, 10))).toBe(false);
    expect(meter.isBehind(records(2000, START_MS, 1))).toBe(true);
    expect(meter.isBehind(records(10, START_MS, 10))).toBe(false);
    expect(meter.isBehind(records(2000, START_MS, 10))).toBe(false);
  });

  it('does not take an engine with another clock for late', () => {
    const meter = createBacklogMeter(1000, () => START_MS);
    expect(Array.from({ length: 50 }, () => meter.isBehind(records(60_000, START_MS, 10)))).not.toContain(true);
  });
});
