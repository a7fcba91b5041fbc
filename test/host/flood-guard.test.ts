import type { LogRecord } from '../../docker/engine';
import { createBacklogMeter } from '../../host/backlog-meter';
import type { Brake } from '../../host/brakes';
import { engineLogBytes } from '../../host/engine-log-bytes';
import { createFloodGuard, type FloodGuard } from '../../host/flood-guard';
import type { BrakeLevel } from '../../host/held-times';

const START_MS = Date.parse('2026-01-01T00:00:00Z');
const FILE_BYTES = 16_777_216;

/** Records of 100 bytes at one moment, in milliseconds since the start. */
function records(count: number, ms: number): LogRecord[] {
  const time = new Date(START_MS + ms).toISOString().replace('Z', '000000Z');
  const data = Buffer.alloc(100, 'x');
  return Array.from({ length: count }, () => ({ time, stream: 'stdout', data, complete: true }));
}

interface Options {
  follow?: boolean;
  fromBeginning?: boolean;
  /** What a container that cannot be slowed down, or not any more, is at. */
  level?: BrakeLevel | null;
  hasEnded?: boolean;
  fileBytes?: number;
}

/** A guard of a follow that has read a while already, and a clock that the test sets. */
function guardOf(options: Options = {}): { clock: { ms: number }; guard: FloodGuard } {
  const { follow = true, fromBeginning = false, level = 'pause', hasEnded = false, fileBytes = FILE_BYTES } = options;
  const clock = { ms: 0 };
  const meter = createBacklogMeter(() => START_MS + clock.ms);
  const engage = async (): Promise<void> => undefined;
  const brake = { level, hasEnded, engagedAt: null, heldMs: () => 0, engage, release: engage } satisfies Brake;
  const size = { fileBytes, keptBytes: 2 * fileBytes };
  const ignore = (): void => undefined;
  const guard = createFloodGuard({ meter, brake, size, follow, fromBeginning, onSlowed: ignore, onFailure: ignore });
  return { clock, guard };
}

describe('a follow is believed', () => {
  it('however late it is, where no record is so long after the one before that a file may lie between', async () => {
    const { clock, guard } = guardOf();
    for (let ms = 0; ms < 1000; ms += 10) {
      clock.ms = ms + 1000;
      expect(guard.take(records(500, ms))).toBe(true);
    }
    await guard.close();
  });

  it('over a pause of the container, where it brings little and so was never held up', async () => {
    const { clock, guard } = guardOf();
    for (let ms = 0; ms < 5000; ms += 500) {
      clock.ms = ms + 400;
      expect(guard.take(records(5, ms))).toBe(true);
    }
    await guard.close();
  });

  it('over a pause in the middle of a file, where the log is known from its beginning', async () => {
    const { clock, guard } = guardOf({ fromBeginning: true });
    for (let ms = 0; ms < 5000; ms += 100) {
      clock.ms = ms + 2000;
      expect(guard.take(records(1000, ms))).toBe(true);
    }
    await guard.close();
  });

  it('without follow in any case, as its files are open', async () => {
    const { clock, guard } = guardOf({ follow: false });
    clock.ms = 60_000;
    expect(guard.take(records(500, 5000))).toBe(true);
    expect(guard.take(records(500, 50_000))).toBe(true);
    await guard.close();
  });
});

describe('a follow is not believed', () => {
  it('over a pause between records that come late: a whole file may have been left out', async () => {
    const { clock, guard } = guardOf();
    clock.ms = 6000;
    expect(guard.take(records(500, 5000))).toBe(true);
    expect(guard.take(records(1, 5500))).toBe(false);
    await guard.close();
  });

  it('over a pause at the end of a file, where the log is known from its beginning', async () => {
    const { clock, guard } = guardOf({ fromBeginning: true });
    const recordBytes = engineLogBytes(records(1, 0)).bytes;
    const toEnd = Math.ceil(FILE_BYTES / recordBytes);
    clock.ms = 1000;
    expect(guard.take(records(toEnd, 0))).toBe(true);
    expect(guard.take(records(1, 500))).toBe(false);
    await guard.close();
  });

  it('where so much may be unread that its engine is about to throw it away, and the container goes on', async () => {
    for (const [options, isBelieved] of [
      [{ level: null }, false],
      [{ level: 'slow' }, false],
      [{ level: 'pause' }, true],
      [{ level: null, hasEnded: true }, true],
    ] as const) {
      const { clock, guard } = guardOf(options);
      // 15 MB in each second of the log, and two seconds late.
      for (let ms = 0; ms < 200; ms += 1) {
        clock.ms = ms;
        expect(guard.take(records(90, ms))).toBe(true);
      }
      clock.ms = 2200;
      expect(guard.take(records(90, 200))).toBe(isBelieved);
      await guard.close();
    }
  });
});
