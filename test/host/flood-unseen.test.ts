import type { ContainerFiles } from '../../docker/container-files';
import type { Engine } from '../../docker/engine';
import { until } from '../helpers/until';
import { testHost, type TestHost } from './helpers';

/** Three files hold about 63,000 of the lines below. */
const FILE_BYTES = 4_000_000;
const LONGEST_STANDSTILL_MS = 30_000;

let host: TestHost;

beforeEach(async () => {
  host = await testHost();
});

afterEach(() => host.dispose());

/** An engine whose files this process does not see, as that of another machine, or of a worker in a container. */
const unseen = (real: Engine): Engine => ({ ...real, filesOf: async () => null });

/**
 * Brings a follow in pieces, however much has come together, as an engine does that lacks processors. Lets this whole process stand still
 * over the first of many records until its engine has filled some files: who follows is led past the second.
 */
function sleepy(real: Engine, files: ContainerFiles | null, pieceRecords: number, filled = 2): Engine {
  let hasSlept = false;
  const sleepOnce = (count: number): void => {
    if (hasSlept || count <= 10) return;
    hasSlept = true;
    const end = Date.now() + LONGEST_STANDSTILL_MS;
    while (files!.log().writtenBytes < (filled + 0.1) * FILE_BYTES && Date.now() < end) standStill(5);
  };
  return {
    ...real,
    readLogs: async function* (id, options) {
      for await (const records of real.readLogs(id, options)) {
        if (options.follow) sleepOnce(records.length);
        for (let start = 0; start < records.length; start += pieceRecords) {
          yield records.slice(start, start + pieceRecords);
        }
      }
    },
  };
}

function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

const lines = (count: number, to = 'sys.stdout'): string =>
  `import sys\nerr = open(2, "w", 65536)\nfor i in range(${count}):\n  out = ${to}\n  out.write("%07d %s\\n" % (i, "x" * 110))`;

const target = (containerId: string) => ({ runId: 'flood', attempt: 1, containerId });

/** The places where the next number is not the one after, in the order of the log; each stream has an order of its own. */
async function holesAndGaps(): Promise<{ holes: number; unnoticed: number; doubled: number }> {
  let next = -1;
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
    ['was there before, prints on two streams, and much comes together', 'err if i % 2 else sys.stdout', 0.1, 10_000],
  ])(
    'loses no line where this process stands still over two rotations, and a container %s',
    async (_, to, quietSeconds, pieceRecords) => {
      // All of it is kept by the engine.
      const count = 50_000;
      const command = ['sh', '-c', `echo ready; sleep ${quietSeconds}; exec python3 -c '${lines(count, to)}'`];
      const id = await host.runOf('flood', command, { log: { maxSizeBytes: FILE_BYTES, maxFiles: 3 } });
      const files = await host.engine.filesOf(id);
      const pumps = host.newPumps({ engine: unseen(sleepy(host.engine, files, pieceRecords)) });

      expect(await pumps.adopt(target(id)).sealed).toEqual({ lines: count + 1, gaps: 0, badBytes: 0 });
    },
    180_000,
  );

  it('slows its container down through the engine, until its pump is stopped', async () => {
    const log = { maxSizeBytes: FILE_BYTES, maxFiles: 3 };
    const id = await host.runOf('flood', ['python3', '-c', lines(1_000_000_000)], { log });
    const pumps = host.newPumps({ engine: unseen(host.engine) });
    pumps.adopt(target(id)).sealed.catch(() => undefined);
    await until(() => pumps.brakeOf(id) !== null, { everyMs: 5 });

    await pumps.stop();
    expect(await host.engine.inspectContainer(id)).toMatchObject({ status: 'running', cpus: 1 });
  });

  it('loses nothing unnoticed and doubles nothing where the engine keeps too little', async () => {
    const count = 80_000;
    const log = { maxSizeBytes: FILE_BYTES, maxFiles: 2 };
    const told = 'import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])\nprint(-1, flush=True)';
    const program = `${told}\nsignal.sigwait([signal.SIGUSR1])\n${lines(count)}`;
    const id = await host.runOf('flood', ['python3', '-c', program], { log });
    const engine = unseen(sleepy(host.engine, await host.engine.filesOf(id), 100, 3));

    const { sealed } = host.newPumps({ engine }).adopt(target(id));
    // Else nobody could tell whether its beginning was thrown away.
    await until(async () => (await host.logs.size('flood'))?.lines === 1);
    await host.engine.signalContainer(id, 'SIGUSR1');
    const seal = await sealed;
    const { holes, unnoticed, doubled } = await holesAndGaps();
    expect({ unnoticed, doubled }).toEqual({ unnoticed: 0, doubled: 0 });
    expect(seal.gaps).toBeGreaterThanOrEqual(holes);
    expect(holes).toBeGreaterThan(0);
  }, 180_000);
});
