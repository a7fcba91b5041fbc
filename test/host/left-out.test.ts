import { scratchFolder } from '../helpers/scratch-folder';
import { until } from '../helpers/until';
import { python, testHost, type TestHost } from './helpers';
import { skippingEngine, type SkippingEngine } from './skipping-engine';

const FILE_BYTES = 1_000_000;
const LOG = { maxSizeBytes: FILE_BYTES, maxFiles: 6 };
/** One and a half files; then, each time it is told to, some lines that come in time, a file, and the line after it. */
const LINES = 8_000;
const IN_TIME = 50;
const PRINTER = python(`
import signal, time
told = {signal.SIGUSR1}
signal.pthread_sigmask(signal.SIG_BLOCK, told)
out = open(1, "w", 65536)
def lines(name, count, many=400):
    for i in range(count):
        out.write("%s %06d %s\\n" % (name, i, "x" * 100))
        if i % many == 0:
            out.flush()
            time.sleep(0.02)
    out.flush()
lines("before", ${LINES})
signal.sigwait(told)
lines("before", ${IN_TIME}, 1)
signal.sigwait(told)
lines("missed", ${LINES})
signal.sigwait(told)
lines("after", 1)
signal.sigwait(told)
`);
const ALL = 2 * LINES + IN_TIME + 1;

const scratch = scratchFolder();
let host: TestHost;
let skipping: SkippingEngine;
let id: string;

beforeEach(async () => {
  host = await testHost();
  skipping = await skippingEngine(scratch.path, (text) => text.startsWith('missed'));
  id = await host.runOf('run', PRINTER, { log: LOG });
});

afterEach(async () => {
  await host.dispose();
  await skipping.close();
});

const target = () => ({ runId: 'run', attempt: 1, containerId: id });
const storedLines = async (): Promise<number> => (await host.lines('run')).length;

/** Lets the container print on. */
const goOn = () => host.engine.signalContainer(id, 'SIGUSR1');

async function hasPrinted(text: string): Promise<boolean> {
  const { signal } = new AbortController();
  for await (const records of host.engine.readLogs(id, { follow: false, tail: 1, signal })) {
    if (records[0]?.data.toString().startsWith(text)) return true;
  }
  return false;
}

/** Lines come in time; then the follower is led past a file, and the program goes on to its end when all is stored. */
async function leadPast(): Promise<void> {
  await goOn();
  await until(async () => (await storedLines()) === LINES + IN_TIME);
  await goOn();
  await until(() => hasPrinted(`missed ${String(LINES - 1).padStart(6, '0')}`));
  await goOn();
  await until(async () => (await storedLines()) >= ALL);
  await goOn();
}

describe('a file that a follow leaves out, where the files of the engine are not seen', () => {
  it('is stored before what comes after it, of a log that this process has seen from its beginning', async () => {
    const pumps = host.newPumps({ engine: skipping.engine });
    const { sealed } = pumps.adopt(target());
    await until(async () => (await storedLines()) === LINES);
    await leadPast();

    expect(await sealed).toEqual({ lines: ALL, gaps: 0, badBytes: 0 });
    expect(await namesInOrder()).toEqual(['before', 'missed', 'after']);
  });

  it('is stored of a log that another process had begun', async () => {
    const first = host.newPumps({ engine: skipping.engine });
    first.adopt(target());
    await until(async () => (await storedLines()) === LINES);
    await first.stop();

    const { sealed } = host.newPumps({ engine: skipping.engine }).adopt(target());
    await until(() => skipping.readings.filter((path) => path.includes('follow=true')).length === 2);
    await leadPast();

    expect(await sealed).toEqual({ lines: ALL, gaps: 0, badBytes: 0 });
    expect(await namesInOrder()).toEqual(['before', 'missed', 'after']);
  });
});

it('costs no look at the log as long as what is stored and has come cannot fill a file', async () => {
  const printing = python('import time\nfor i in range(60): print(i); time.sleep(0.03)');
  const containerId = await host.runOf('small', printing, { log: { maxSizeBytes: FILE_BYTES, maxFiles: 2 } });
  const small = { runId: 'small', attempt: 1, containerId };
  const first = host.newPumps({ engine: skipping.engine });
  first.adopt(small);
  await until(async () => (await host.lines('small')).length > 10);
  await first.stop();

  const { sealed } = host.newPumps({ engine: skipping.engine }).adopt(small);
  expect(await sealed).toEqual({ lines: 60, gaps: 0, badBytes: 0 });
  // The places of resume are looked for among more records.
  const looks = skipping.readings.filter((path) => /follow=false.*tail=\d{1,3}$/.test(path));
  expect(looks).toEqual([]);
});

/** The first words of the lines, each that is not that of the line before. */
async function namesInOrder(): Promise<string[]> {
  const names = (await host.lines('run')).map(({ text }) => text.split(' ')[0]!);
  return names.filter((name, index) => name !== names[index - 1]);
}
