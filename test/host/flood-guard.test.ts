import type { LogRecord } from '../../docker/engine';
import { createBacklogMeter } from '../../host/backlog-meter';
import type { Brake } from '../../host/brakes';
import { createFloodGuard, type FloodGuard } from '../../host/flood-guard';

const START_MS = Date.parse('2026-01-01T00:00:00Z');
const FILE_BYTES = 16_777_216;

/** Records of 100 bytes at one moment, in milliseconds since the start. */
function records(count: number, ms: number): LogRecord[] {
  const time = new Date(START_MS + ms).toISOString().replace('Z', '000000Z');
  return Array.from({ length: count }, () => ({ time, stream: 'stdout', data: Buffer.alloc(100), complete: true }));
}

/** A guard of a follow that has read a while already, and a clock that the test sets. */
function guardOf({ follow = true, fromBeginning = false } = {}): { clock: { ms: number }; guard: FloodGuard } {
  const clock = { ms: 0 };
  const meter = createBacklogMeter(() => START_MS + clock.ms);
  // A container that is not to be slowed down.
  const brake = { level: 'pause', engagedAt: null } as unknown as Brake;
  const size = { fileBytes: FILE_BYTES, keptBytes: 2 * FILE_BYTES };
  const ignore = (): void => undefined;
  const told = { onSlowed: ignore, onFailure: ignore };
  const guard = createFloodGuard({ meter, brake, size, follow, fromBeginning, files: null, ...told });
  return { clock, guard };
}

describe('a follow is not believed', () => {
  it.each([
    ['a long batch that comes late: a whole file may have been left out since', 500, 1000, false],
    ['a short batch that comes late, of a container that prints little', 5, 1000, true],
    ['a long batch that comes at once', 500, 10, true],
  ])('or is, over %s', async (_, count, lateMs, isBelieved) => {
    const { clock, guard } = guardOf();
    clock.ms = 5000 + lateMs;
    expect(guard.take(records(count, 5000))).toBe(isBelieved);
    await guard.close();
  });

  it('over such a batch where the container has just begun and can not have filled two files yet', async () => {
    const { clock, guard } = guardOf({ fromBeginning: true });
    clock.ms = 5010;
    expect(guard.take(records(500, 5000))).toBe(true);
    clock.ms = 6000;
    expect(guard.take(records(500, 5011))).toBe(false);
    await guard.close();
  });

  it('which says nothing of a reading without follow, whose files are open', async () => {
    const { clock, guard } = guardOf({ follow: false });
    clock.ms = 60_000;
    expect(guard.take(records(500, 5000))).toBe(true);
    await guard.close();
  });
});
