import { EngineUnavailableError } from '../../docker/errors';
import { beginningNote } from '../../host/log-notes';
import { scratchFolder } from '../helpers/scratch-folder';
import { pausesWithoutTime, pumpOf, recordsOf, type FakeLog } from './fake-log-engine';
import { allLines } from './helpers';

const scratch = scratchFolder();
pausesWithoutTime();

/** Each takes 110 bytes of the engine's log, or up to 10 less where its time ends in zeros. */
const LINE = 'x'.repeat(39);
const LINES = 100;
const MOST_BYTES = LINES * 110;
const size = (keptBytes: number) => ({ fileBytes: keptBytes / 2, keptBytes });

const cut = (): never => {
  throw new EngineUnavailableError('the connection broke off');
};
const cuts: [string, NonNullable<FakeLog['onRead']>][] = [
  ['is not cut off', () => undefined],
  ['is cut off once', (readings, records) => void (readings === 0 && records === 20 && cut())],
  ['is cut off again and again', (readings, records) => void (readings < 12 && records === 5 && cut())],
  ['is cut off before it brings anything', (readings) => void (readings < 3 && cut())],
];

describe('the first reading of a log that is as long as its engine keeps', () => {
  it.each(cuts)('notes that its beginning may be missing, once, where it %s', async (_, onRead) => {
    const records = recordsOf(Array(LINES).fill(LINE));
    const { logs, run } = pumpOf(scratch.path, { status: 'exited', records, onRead }, { size: size(MOST_BYTES - 500) });

    expect(await run()).toEqual({ lines: LINES, gaps: 1, badBytes: 0 });
    const [note] = await allLines(logs, 'run', ['system']);
    expect(note?.text).toBe(beginningNote(records[0]!.time).text);
  });

  it.each(cuts)('notes nothing where there is less of it, and it %s', async (_, onRead) => {
    const records = recordsOf(Array(LINES).fill(LINE));
    const { run } = pumpOf(scratch.path, { status: 'exited', records, onRead }, { size: size(MOST_BYTES) });
    expect(await run()).toEqual({ lines: LINES, gaps: 0, badBytes: 0 });
  });

  it('counts pieces of a line once that come again', async () => {
    const records = recordsOf(Array(LINES).fill(LINE));
    const pieces = records.map((record, index) =>
      index < 10 || index > 70 ? record : { ...record, time: records[10]!.time, complete: index === 70 },
    );
    const onRead: FakeLog['onRead'] = (readings, records) => void (readings < 6 && records === 50 && cut());
    const log: FakeLog = { status: 'exited', records: pieces, onRead };
    expect(await pumpOf(scratch.path, log, { size: size(MOST_BYTES) }).run()).toMatchObject({ gaps: 0 });
  });

  it('leaves out of account what is printed when it has begun', async () => {
    const later = new Date(Date.now() + 3_600_000).toISOString().slice(0, 20);
    const records = recordsOf(Array(LINES).fill(LINE)).map((record, index) => {
      const time = index < 25 ? record.time : record.time.replace(/^.*\./, later);
      return { ...record, time };
    });
    const onRead: FakeLog['onRead'] = (readings, read) => void (readings === 0 && read === 20 && cut());
    const log: FakeLog = { status: 'exited', records, onRead };
    expect(await pumpOf(scratch.path, log, { size: size(MOST_BYTES / 2) }).run()).toMatchObject({ gaps: 0 });
  });
});
