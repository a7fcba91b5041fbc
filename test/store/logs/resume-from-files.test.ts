import { statSync, truncateSync } from 'node:fs';

import fc from 'fast-check';

import { openLogStore } from '../../../store/file-log-store';
import { textHash, type LogStore, type LogWriter } from '../../../store/log-store';
import { scratchFolder } from '../../helpers/scratch-folder';
import { engineLogs, joinLines, LONG_PIECE, readSince, type EngineLine, type EngineRecord } from './engine-log';
import { olderFiles, rawLog, readAll } from './log-file';

interface Cut {
  /** Records that the engine has by then. */
  told: number;
  /** Lines that are appended at most, in batches. */
  stored: number;
  batch: number;
  /** Bytes that a crash takes off the end of the live file. */
  lostBytes: number;
}

const cuts: fc.Arbitrary<Cut[]> = fc.array(
  fc.record({
    told: fc.nat(60),
    stored: fc.nat(20),
    batch: fc.integer({ min: 1, max: 7 }),
    lostBytes: fc.oneof(fc.constant(0), fc.nat(300), fc.nat(40_000)),
  }),
  { maxLength: 6 },
);

describe('a log in files', () => {
  const scratch = scratchFolder();
  let runs = 0;

  test.each([
    ['rotates at each few lines', 400],
    ['never rotates', 1e9],
  ])(
    'that %s has each line of the engine once and in order, whatever a crash leaves of it',
    async (_, segmentBytes) => {
      const store = openLogStore(scratch.path, { segmentBytes });
      const log = engineLogs({ maxRecords: 80, pieceText: LONG_PIECE });

      await fc.assert(
        fc.asyncProperty(log, cuts, fc.nat(3), async (records, crashes, attempt) => {
          runs += 1;
          const runId = `run-${segmentBytes}-${runs}`;
          // What an attempt before has left must not matter.
          if (attempt > 0) await store.openWriter(runId, attempt).then((writer) => sealed(writer, records));

          let told = 0;
          for (const crash of crashes) {
            told = Math.min(records.length, told + crash.told);
            const knew = await pump(await store.openWriter(runId, attempt + 1), records.slice(0, told), crash);
            expect(await readBack(store, runId, attempt + 1)).toEqual(knew);
            const live = store.pathOf(runId);
            truncateSync(live, Math.max(0, statSync(live).size - crash.lostBytes));
          }
          await pump(await store.openWriter(runId, attempt + 1), records, { stored: Infinity, batch: 100 });

          const stored = await readAll(store, runId, { attempt: attempt + 1 });
          expect(stored.map(({ time, stream, text }) => ({ time, stream, text }))).toEqual(
            joinLines(records).map(({ time, stream, text }) => ({ time, stream, text })),
          );
          expect(rawLog(store, runId).split('\n')).toHaveLength((await store.size(runId))!.lines + 1);
          expect(olderFiles(store, runId).every((name) => name.endsWith('.log.gz'))).toBe(true);
        }),
        { numRuns: 40 },
      );
    },
  );
});

async function sealed(writer: LogWriter, records: readonly EngineRecord[]): Promise<void> {
  await writer.append(joinLines(records));
  await writer.seal({ gaps: 0, badBytes: 0 });
  await writer.close();
}

async function readBack(store: LogStore, runId: string, attempt: number): Promise<LogWriter['resume']> {
  const writer = await store.openWriter(runId, attempt);
  await writer.close();
  return writer.resume;
}

/**
 * Does what a log pump does: reads the engine from the place of resume on, and appends what is not stored yet.
 *
 * @returns the place of resume after that.
 */
async function pump(
  writer: LogWriter,
  records: readonly EngineRecord[],
  { stored, batch }: Pick<Cut, 'stored' | 'batch'>,
): Promise<LogWriter['resume']> {
  const again = joinLines(readSince(records, writer.resume?.since ?? null));
  if (writer.resume !== null) {
    const [first] = again as [EngineLine];
    expect(writer.resume.anchor).toEqual({ stream: first.stream, textHash: textHash(first.text) });
    expect(writer.resume.since).toBe(first.time);
  }
  const fresh = again.slice(writer.resume?.skip ?? writer.attemptLines).slice(0, stored);
  for (let index = 0; index < fresh.length; index += batch) await writer.append(fresh.slice(index, index + batch));
  await writer.close();
  return writer.resume;
}
