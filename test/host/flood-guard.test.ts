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
  const now = (): number => START_MS + clock.ms;
  const meter = createBacklogMeter(now);
  // A container that is not to be slowed down.
  const brake = { level: 'pause', engagedAt: null } as unknown as Brake;
  const size = { fileBytes: FILE_BYTES, keptBytes: 2 * FILE_BYTES };
  const ignore = (): void => undefined;
  const told = { onSlowed: ignore, onFailure: ignore };
  const guard = createFloodGuard({
    meter,
    brake,
    size,
    follow,
    fromBeginning,
    files: null,
    lookedUp: new Set<string>(),
    ...told,
    mostWritten: { bytes: Number.POSITIVE_INFINITY },
  });
  return { clock, guard };
}

/** What becomes of the records of a read. */
function read(guard: FloodGuard, records: readonly LogRecord[]): { isDoubtful: boolean; isTaken: boolean } {
  return { isDoubtful: guard.arrive(records), isTaken: guard.take(records) };
}

const BELIEVED = { isDoubtful: false, isTaken: true };

describe('a follow', () => {
  it('is in doubt over a pause: a whole file may have been left out', async () => {
    const { clock, guard } = guardOf();
    clock.ms = 6000;
    expect(read(guard, records(500, 5000))).toEqual(BELIEVED);
    expect(guard.arrive(records(1, 5500))).toBe(true);
    await guard.close();
  });

  it('is not believed where by all that its records tell it is nearly a file behind', async () => {
    const { clock, guard } = guardOf();
    for (let ms = 0; ms < 200; ms += 1) {
      clock.ms = ms;
      expect(read(guard, records(500, ms))).toEqual(BELIEVED);
    }
    clock.ms = 400;
    expect(read(guard, records(500, 201)).isTaken).toBe(false);
    await guard.close();
  });
});

describe('a reading without follow, whose files are open', () => {
  it('is believed', async () => {
    const { clock, guard } = guardOf({ follow: false });
    clock.ms = 60_000;
    expect(read(guard, records(500, 5000))).toEqual(BELIEVED);
    expect(read(guard, records(500, 55_000))).toEqual(BELIEVED);
    await guard.close();
  });
});
