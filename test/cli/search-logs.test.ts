import type { NewLogLine } from '../../store/log-store';
import { endRun, storeGang, storeRun } from '../api/stored-run';
import { testApi, type TestApi } from '../api/test-api';
import { until } from '../helpers/until';
import { cli, startCli } from './cli-harness';

let api: TestApi;
let server: string;

beforeAll(async () => {
  api = await testApi();
  server = `http://127.0.0.1:${await api.listen()}`;
  await write('digits', ['Loss 3', 'Loss 2 (nan)', 'x'], { labels: { team: 'vision' } }, 1);
  await writeLog('digits', [
    { ...line('a warning', '2026-01-01T00:03:00.000000000Z'), stream: 'stderr' },
    { ...line('gap: lines are missing', '2026-01-01T00:04:00.000000000Z'), stream: 'system' },
  ]);
  await storeGang(api.services.runStore, 'gang', 1);
  await writeLog('gang.e1.n2', [line('CUDA error', '2026-01-01T00:00:00.000000000Z')]);
  await write('digits-2', ['loss 1', 'x'], { state: 'succeeded', reason: 'completed', recipe: 'digits' }, 2);
});
afterAll(async () => api.close());

/** A run of a day of January 2026 with a line a minute. */
async function write(id: string, texts: string[], run: object, day: number): Promise<void> {
  await storeRun(api.services.runStore, { id, createdAt: `2026-01-0${day}T00:00:00.000Z`, ...run });
  await writeLog(
    id,
    texts.map((text, minute) => line(text, `2026-01-0${day}T00:0${minute}:00.000000000Z`)),
  );
}

async function writeLog(id: string, lines: NewLogLine[]): Promise<void> {
  const writer = await api.services.logStore.openWriter(id, 1);
  await writer.append(lines);
  await writer.close();
}

const line = (text: string, time: string): NewLogLine => ({ time, stream: 'stdout', text });
const on = (...args: string[]): string[] => ['--server', server, ...args];

describe('trainyard logs', () => {
  test.each<[string[], string]>([
    [['--grep', 'Loss'], 'Loss 3\nLoss 2 (nan)\n'],
    [['-g', 'LOSS', '-i', '--tail', '1'], 'Loss 2 (nan)\n'],
    [['-g', '(nan)', '--literal'], 'Loss 2 (nan)\n'],
    [['--since', '2026-01-01T00:01:00Z', '--until', '2026-01-01T00:02:00Z'], 'Loss 2 (nan)\n'],
    [['--since', '10m'], ''],
    [['--from', '3'], 'x\na warning\n'],
    [['--stream', 'stderr'], 'a warning\n'],
    [['--stream', 'stderr', '--stream', 'system'], 'a warning\ngap: lines are missing\n'],
    [['--stream', 'stdout', '--tail', '1'], 'x\n'],
  ])('%j prints these lines', async (args, out) => {
    expect(await cli(on('logs', 'digits', ...args))).toMatchObject({ code: 0, out });
  });

  test.each<[string[], string]>([
    [['--since', 'soon'], 'since: must be a time'],
    [['--grep', '('], 'grep: "(" is no regular expression'],
    [['-f', '--until', '10m'], 'until: cannot go with a follow'],
    [['--stream', 'stdin'], 'Write one of stdout, stderr, system.'],
  ])('%j is refused with the field and the mend', async (args, err) => {
    expect(await cli(on('logs', 'digits', ...args))).toMatchObject({ code: 2, err: expect.stringContaining(err) });
  });

  test('follows the lines that match, and goes on after the last one when the server was away', async () => {
    const now = (): string => new Date().toISOString().replace('Z', '000000Z');
    const run = await storeRun(api.services.runStore, { id: 'live' });
    const writer = await api.services.logStore.openWriter('live', 1);
    await writer.append([line('cost 3', now()), line('x', now())]);
    const following = startCli(on('logs', '-f', 'live', '--grep', 'cost', '--since', '10m'));
    await until(() => following.soFar.out === 'cost 3\n');

    api.app.server.closeAllConnections();
    await writer.append([line('cost 2, of a slow clock', '2026-01-01T00:00:00.000000000Z'), line('x', now())]);
    await until(() => following.soFar.out.includes('cost 2'));
    await endRun(api.services.runStore, run);
    await writer.close();

    expect(await following.result).toMatchObject({ code: 0, out: 'cost 3\ncost 2, of a slow clock\n' });
  });
});

describe('trainyard grep', () => {
  test.each<[string[], string]>([
    [['[Ll]oss'], 'digits-2:1: loss 1\ndigits:1: Loss 3\ndigits:2: Loss 2 (nan)\n'],
    [['loss', '-i', '-n', '2'], 'digits-2:1: loss 1\ndigits:1: Loss 3\n'],
    [['(nan)', '--literal'], 'digits:2: Loss 2 (nan)\n'],
    [
      ['oss', '-l', 'team=vision', '-t', '--until', '2026-01-01T00:01:00Z'],
      'digits:1: 2026-01-01T00:00:00.000000000Z stdout Loss 3\n',
    ],
    [['oss', '-s', 'succeeded', '-r', 'digits', '--text', '-2'], 'digits-2:1: loss 1\n'],
    [['.', '--stream', 'stderr'], 'digits:4: a warning\n'],
    [['.', '--stream', 'stderr', '--stream', 'system'], 'digits:4: a warning\ndigits:5: gap: lines are missing\n'],
    [['oss', '--created-after', '2026-01-01T12:00:00Z'], 'digits-2:1: loss 1\n'],
    [['oss 3', '--created-before', '2026-01-01T12:00:00Z'], 'digits:1: Loss 3\n'],
    [['CUDA', '--gang-of', 'gang'], 'gang.e1.n2:1: CUDA error\n'],
    [['CUDA', '--pool', 'large'], ''],
  ])('%j prints these lines', async (args, out) => {
    expect(await cli(on('grep', ...args))).toMatchObject({ code: 0, out });
  });

  test('says when nothing matches, and when there may be more', async () => {
    expect(await cli(on('grep', 'nowhere'))).toMatchObject({ code: 0, out: '', err: 'No line matches.\n' });
    expect((await cli(on('grep', 'oss', '-n', '1'))).err).toBe('There may be more: raise --limit, which is 1.\n');
  });

  test('prints a hit as JSON on a line of its own where asked', async () => {
    const { out } = await cli(on('grep', 'nan', '--json'));

    expect(JSON.parse(out)).toMatchObject({ runId: 'digits', number: 2, text: 'Loss 2 (nan)', cut: false });
  });

  test('refuses what is no pattern', async () => {
    expect(await cli(on('grep', '*'))).toMatchObject({ code: 2, err: expect.stringContaining('query: "*" is no') });
  });
});
