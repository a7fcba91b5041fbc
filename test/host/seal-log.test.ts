import { removedEarlyNote } from '../../host/log-notes';
import { NOTHING_COUNTED, sealLog } from '../../host/seal-log';
import { openLogStore } from '../../store/file-log-store';
import type { LogWriter } from '../../store/log-store';
import { scratchFolder } from '../helpers/scratch-folder';
import { allLines } from './helpers';

const scratch = scratchFolder();
const TIME = '2026-01-01T00:00:00.000000000Z';
const owner = { runId: 'run', attempt: 1 };

/** The disk has room for this many appends more, of which a seal is one, if it is not refused before. */
function fullAfter(writer: LogWriter, appends: number): LogWriter {
  let left = appends;
  const take = <T>(append: () => Promise<T>): Promise<T> => {
    left -= 1;
    return left < 0 ? Promise.reject(new Error('there is no room')) : append();
  };
  return Object.create(writer, {
    append: { value: (lines: Parameters<LogWriter['append']>[0]) => take(() => writer.append(lines)) },
    seal: { value: (...seal: Parameters<LogWriter['seal']>) => take(() => writer.seal(...seal)) },
  }) as LogWriter;
}

describe('sealLog', () => {
  it.each([0, 1])('notes the last gap once, where there is room for %i appends only at first', async (appends) => {
    for (const recount of [false, true]) {
      const runId = `run-${recount}`;
      const logs = openLogStore(scratch.path, { segmentBytes: 1e9 });
      const writer = await logs.openWriter(runId, 1);
      await writer.append([{ time: TIME, stream: 'stdout', text: 'bad \uFFFD' }]);
      const counts = { ...NOTHING_COUNTED, badBytes: 1, recount };
      const seal = (to: LogWriter) => sealLog(logs, { ...owner, runId }, to, counts, removedEarlyNote(TIME));
      await seal(fullAfter(writer, appends)).catch(() => undefined);

      expect(await seal(writer)).toEqual({ lines: 1, gaps: 1, badBytes: 1 });
      await writer.close();
      const notes = (await allLines(logs, runId, ['system'])).map(({ text }) => text);
      expect(notes).toEqual([removedEarlyNote('').text, 'sealed: 1 lines, 1 gaps, 1 bad bytes']);
    }
  });
});
