import { EngineError, EngineUnavailableError, NotFoundError } from '../../docker/errors';
import { unreadableNote } from '../../host/log-notes';
import { scratchFolder } from '../helpers/scratch-folder';
import { numberedTexts, pausesWithoutTime, pumpOf, recordsOf, type FakeLog } from './fake-log-engine';
import { allLines } from './helpers';

const scratch = scratchFolder();

const pauses = pausesWithoutTime();

const LINES = 50;
const LONGEST_MS = 600_000;
const REST_IS_UNREADABLE = unreadableNote('').text;

async function pumped(log: Partial<FakeLog>) {
  const giveUp = new AbortController();
  const onInspect = (before: number): void => {
    if (pauses.ms > LONGEST_MS) giveUp.abort(new Error('the log is not sealed'));
    log.onInspect?.(before);
  };
  const whole = { status: 'exited', records: recordsOf(numberedTexts(LINES)) } as const;
  const { logs, run } = pumpOf(scratch.path, { ...whole, ...log, onInspect });
  const seal = await run(giveUp.signal);
  const notes = (await allLines(logs, 'run', ['system'])).map(({ text }) => text);
  return { seal, notes };
}

const away = (): never => {
  throw new EngineUnavailableError('the engine is away');
};
const refuse = (): never => {
  throw new EngineError('the engine cannot read the log', 500);
};
const allIn = { lines: LINES, gaps: 0, badBytes: 0 };

describe('a log of an ended container that the engine does not give', () => {
  it('is read on where the engine had been away for long before it failed once', async () => {
    const log: Partial<FakeLog> = {
      onInspect: (before) => void (before < 12 && away()),
      onRead: (readings) => void (readings === 0 && refuse()),
    };
    expect((await pumped(log)).seal).toEqual(allIn);
  });

  it('is read on where the engine fails for some seconds, however often', async () => {
    const log: Partial<FakeLog> = { onRead: () => void (pauses.ms < 25_000 && refuse()) };
    expect((await pumped(log)).seal).toEqual(allIn);
  });

  it('is read on where the engine fails often, but not in a row', async () => {
    const log: Partial<FakeLog> = {
      onInspect: (before) => void (before < 30 && before % 3 === 2 && away()),
      onRead: (readings) => void (readings < 20 && refuse()),
    };
    expect((await pumped(log)).seal).toEqual(allIn);
  });

  it('is given up with a gap where it fails again and again for half a minute', async () => {
    const { seal, notes } = await pumped({ onRead: (_, before) => void (before === 20 && refuse()) });
    expect(seal).toEqual({ lines: 20, gaps: 1, badBytes: 0 });
    expect(notes).toEqual([REST_IS_UNREADABLE, 'sealed: 20 lines, 1 gaps, 0 bad bytes']);
    expect(pauses.ms).toBeGreaterThanOrEqual(30_000);
  });

  it('is given up sooner where it is that of a local process, whose end nobody will ever write', async () => {
    const { seal } = await pumped({ isProcess: true, onRead: (_, before) => void (before === 20 && refuse()) });
    expect(seal).toEqual({ lines: 20, gaps: 1, badBytes: 0 });
    expect(pauses.ms).toBeLessThan(15_000);
  });

  it.each([
    ['is given up, too, where somebody has failed to remove the container and left it dead', 'dead', 1],
    ['is waited for where the removal of the container goes on', 'removing', 0],
  ] as const)('%s', async (_, status, gaps) => {
    const log: FakeLog = { status, records: recordsOf(numberedTexts(LINES)) };
    log.onRead = () => {
      // It comes to itself, so that what waits has an end.
      if (pauses.ms < 60_000)
        throw new NotFoundError('can not get logs from container which is dead or marked for removal');
    };
    expect((await pumped(log)).seal).toEqual({ lines: gaps === 0 ? LINES : 0, gaps, badBytes: 0 });
  });
});
