import type { Engine, LogRecord } from '../../docker/engine';
import { QUIET, testHost, type TestHost } from './helpers';

/** The least that the settings allow: three files hold about 270,000 of the lines below. */
const FILE_BYTES = 16_777_216;
const STANDSTILL_MS = 1_000;

let host: TestHost;

beforeEach(async () => {
  host = await testHost();
  host.config.host.containerLogSizeBytes = FILE_BYTES;
});

afterEach(() => host.dispose());

/** An engine whose files this process does not see, as that of another machine, or of a worker in a container. */
const unseen = (real: Engine): Engine => ({ ...real, filesOf: async () => null });

/**
 * Brings a follow in pieces, however much has come together, as an engine does that lacks processors. Lets this whole process stand still
 * over the first of many records.
 */
function sleepy(real: Engine, pieceRecords: number): Engine {
  let hasSlept = false;
  const sleepOnce = (records: readonly LogRecord[]): void => {
    if (hasSlept || records.length <= 10) return;
    hasSlept = true;
    const end = Date.now() + STANDSTILL_MS;
    while (Date.now() < end);
  };
  return {
    ...real,
    readLogs: async function* (id, options) {
      for await (const records of real.readLogs(id, options)) {
        if (options.follow) sleepOnce(records);
        for (let start = 0; start < records.length; start += pieceRecords) {
          yield records.slice(start, start + pieceRecords);
        }
      }
    },
  };
}

const lines = (count: number, to = 'sys.stdout'): string =>
  `import sys\nerr = open(2, "w", 65536)\nfor i in range(${count}):\n  out = ${to}\n  out.write("%07d %s\\n" % (i, "x" * 110))`;

const target = (containerId: string) => ({ runId: 'flood', attempt: 1, containerId });

/** The places where the next number is not the one after, in the order of the log; each stream has an order of its own. */
async function holesAndGaps(): Promise<{ holes: number; unnoticed: number; doubled: number }> {
  let next = 0;
  let gapsSince = 0;
  const found = { holes: 0, unnoticed: 0, doubled: 0 };
  for await (const batch of host.logs.read('flood', { streams: ['stdout', 'system'] })) {
    for (const { stream, text } of batch) {
      if (stream === 'system') {
        gapsSince += text.startsWith('gap: ') ? 1 : 0;
        continue;
      }
      const number = Number.parseInt(text, 10);
      if (number < next) found.doubled += 1;
      if (number > next) found.holes += 1;
      if (number > next && gapsSince === 0) found.unnoticed += 1;
      next = number + 1;
      gapsSince = 0;
    }
  }
  return found;
}

describe('a flood, where the files of the engine are not to be seen', () => {
  it.each([
    ['is followed from its beginning', 'sys.stdout', 1.5, 10],
    ['was there before', 'sys.stdout', 0.1, 10],
    ['prints on two streams', 'err if i % 2 else sys.stdout', 1.5, 10],
    ['is followed from its beginning, and much comes together', 'sys.stdout', 1.5, 10_000],
  ])(
    'loses no line where this process stands still over two rotations, and a container %s',
    async (_, to, quietSeconds, pieceRecords) => {
      // All of it is kept by the engine, in three files; who follows and is asleep meanwhile is led past the second.
      const count = 200_000;
      const command = ['sh', '-c', `echo ready; sleep ${quietSeconds}; exec python3 -c '${lines(count, to)}'`];
      const id = await host.runOf('flood', command, { log: { maxSizeBytes: FILE_BYTES, maxFiles: 3 } });
      const pumps = host.newPumps({ engine: unseen(sleepy(host.engine, pieceRecords)), log: QUIET });

      expect(await pumps.adopt(target(id)).sealed).toEqual({ lines: count + 1, gaps: 0, badBytes: 0 });
    },
    180_000,
  );

  it('is stored whole where the engine keeps as much as it does by default there', async () => {
    const count = 300_000;
    host.config.host.containerLogFiles = 10;
    const log = { maxSizeBytes: FILE_BYTES, maxFiles: 10 };
    const id = await host.runOf('flood', ['python3', '-c', lines(count)], { log });

    const { sealed } = host.newPumps({ engine: unseen(host.engine) }).adopt(target(id));
    expect(await sealed).toEqual({ lines: count, gaps: 0, badBytes: 0 });
    expect(await holesAndGaps()).toEqual({ holes: 0, unnoticed: 0, doubled: 0 });
  }, 180_000);

  it('loses nothing unnoticed and doubles nothing where the engine keeps too little', async () => {
    const count = 300_000;
    host.config.host.containerLogFiles = 2;
    const log = { maxSizeBytes: FILE_BYTES, maxFiles: 2 };
    const id = await host.runOf('flood', ['python3', '-c', lines(count)], { log });

    const seal = await host.newPumps({ engine: unseen(sleepy(host.engine, 100)) }).adopt(target(id)).sealed;
    const { holes, unnoticed, doubled } = await holesAndGaps();
    expect({ unnoticed, doubled }).toEqual({ unnoticed: 0, doubled: 0 });
    expect(seal.gaps).toBeGreaterThanOrEqual(holes);
    expect(seal.lines === count).toBe(holes === 0);
  }, 180_000);
});
