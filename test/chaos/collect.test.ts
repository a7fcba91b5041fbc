import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { PrintedLine } from '../../chaos/check/facts';
import { keepEngineLogs, parseEngineLog } from '../../chaos/collect/engine-logs';
import { stillRuns } from '../../chaos/collect/still-runs';
import { readTruth } from '../../chaos/collect/truth';
import { fold, unfold } from '../../chaos/padding';
import { scratchFolder } from '../helpers/scratch-folder';
import { until } from '../helpers/until';
import { longLine } from './sample-facts';

const scratch = scratchFolder();
const ID = 'abcdef0123456789';
const SHORT_ID = 'abcdef012345';
const piece = (log: string, stream = 'stdout') => `${JSON.stringify({ log, stream, time: 'T' })}\n`;
const record = (text: string, stream?: string) => piece(`${text}\n`, stream);

describe('the notes of an engine', () => {
  const folder = () => join(scratch.path, ID);
  const note = (startedAt: string) =>
    writeFileSync(join(folder(), 'config.v2.json'), JSON.stringify({ State: { StartedAt: startedAt } }));

  it('are kept beyond the removal of the container', async () => {
    const logs = keepEngineLogs(scratch.path);
    mkdirSync(folder());
    note('0001-01-01T00:00:00Z');
    appendFileSync(join(folder(), `${ID}-json.log`), record('run 1 1 nonce'));
    await until(() => logs.notes().lines.get(SHORT_ID)?.length === 1);
    expect(logs.notes().startedAtMs.size).toBe(0);
    note('2026-11-24T07:00:00.5Z');
    await until(() => logs.notes().startedAtMs.size === 1);
    appendFileSync(join(folder(), `${ID}-json.log`), record('run 1 2 nonce', 'stderr'));
    rmSync(folder(), { recursive: true });

    const { lines, startedAtMs } = logs.notes();
    logs.stop();

    expect([...lines]).toEqual([
      [
        SHORT_ID,
        [
          { stream: 'stdout', text: 'run 1 1 nonce' },
          { stream: 'stderr', text: 'run 1 2 nonce' },
        ],
      ],
    ]);
    expect(startedAtMs.get(SHORT_ID)).toBe(Date.parse('2026-11-24T07:00:00.5Z'));
  });

  it('know a container of which there is an empty log file', async () => {
    const folder = join(scratch.path, 'silent');
    mkdirSync(join(folder, ID), { recursive: true });
    const logs = keepEngineLogs(folder);
    expect(logs.notes().lines.has(SHORT_ID)).toBe(false);
    writeFileSync(join(folder, ID, `${ID}-json.log`), '');

    expect(logs.notes().lines.get(SHORT_ID)).toEqual([]);
    logs.stop();
  });

  it('count no record that was written only in part', () => {
    expect(parseEngineLog(`${record('one')}{"log":"tw\n${record('three')}`).map(({ text }) => text)).toEqual([
      'one',
      'three',
    ]);
  });

  it('join the pieces of a long line of a stream, whatever comes between them of the other', () => {
    const [text, other] = [longLine(5, 2_400), longLine(6, 2_400)];
    const piecesOf = (line: string): string[] => `${unfold(line)}\n`.match(/[^]{1,16384}/g)!;
    const [one, two, three] = piecesOf(text) as [string, string, string];
    const [err1, err2, err3] = piecesOf(other) as [string, string, string];
    const content = [
      ...[piece(one), piece(err1, 'stderr'), piece(two), record('short', 'stdout'), piece(err2, 'stderr')],
      ...[piece(one), piece(err3, 'stderr'), piece(two), piece(three), piece(two, 'stderr')],
    ].join('');

    expect(parseEngineLog(content)).toEqual([
      { stream: 'stdout', text: fold(`${one}${two}short`) },
      { stream: 'stderr', text: other },
      { stream: 'stdout', text },
      { stream: 'stderr', text: fold(two) },
    ]);
  });
});

describe('what a container wrote down', () => {
  const start = (attempt: number, nonce: string, container: string) => {
    return { event: 'start', attempt, nonce, at: attempt * 1_000, alone: attempt !== 2, container };
  };
  const readBack = (entries: object[], lines: Record<string, PrintedLine[]>, printed: Record<string, string> = {}) => {
    const records = entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
    writeFileSync(join(scratch.path, 'executions.jsonl'), records);
    for (const [file, content] of Object.entries(printed)) writeFileSync(join(scratch.path, `${file}.txt`), content);
    const notes = { lines: new Map(Object.entries(lines)), startedAtMs: new Map([['abcdef012345', 1001]]) };
    return readTruth(scratch.path, 'run-1', notes);
  };
  const stdout = (text: string): PrintedLine => ({ stream: 'stdout', text });

  it('is read with what the engine noted of it', () => {
    const end = { event: 'end', attempt: 1, nonce: 'aa', at: 2000, exitCode: 1 };
    const entries = [start(1, 'aa', 'abcdef012345'), end, start(2, 'bb', 'other'), start(3, 'cc', 'quiet')];
    const engineLog = [stdout('run-1 1 1 aa')];
    const printed = { '1-aa': 'stdout 1 0\nstderr 2 0\n', '2-bb': '', '3-cc': '' };

    const [one, two, three] = readBack(entries, { abcdef012345: engineLog, quiet: [] }, printed);

    expect(one).toMatchObject({ attempt: 1, alone: true, startedAtMs: 1000, endedAtMs: 2000, engineStartedAtMs: 1001 });
    expect(one!.engineLog).toEqual(engineLog);
    expect(one!.printed).toEqual([stdout('run-1 1 1 aa'), { stream: 'stderr', text: 'run-1 1 2 aa' }]);
    expect(two).toMatchObject({ alone: false, endedAtMs: null, printed: [], engineLog: null, engineStartedAtMs: null });
    expect(three).toMatchObject({ engineLog: [] });
  });

  it('is known of a long line by its number and how many blocks make it long', () => {
    const [{ printed } = { printed: [] }] = readBack(
      [start(1, 'abcdef01', 'some')],
      {},
      { '1-abcdef01': 'stdout 5 2400\n' },
    );

    expect(printed).toEqual([stdout(longLine(5, 2_400))]);
  });

  it('is told from that of the next execution in the same container, also where a line was torn within its nonce', () => {
    const [one, torn, next, last] = ['run-1 1 1 aa', 'a', 'run-1 1 1 bb', 'run-1 1 2'].map(stdout) as [
      ...[PrintedLine, PrintedLine, PrintedLine, PrintedLine],
    ];
    const entries = [start(1, 'aa', 'some'), start(1, 'bb', 'some')];

    const executions = readBack(entries, { some: [one, torn, next, last] }, { '1-aa': '', '1-bb': '' });

    expect(executions.map(({ engineLog }) => engineLog)).toEqual([
      [one, torn],
      [next, last],
    ]);
  });
});

test('a program that still runs is seen by its lock', async () => {
  expect(stillRuns(scratch.path)).toBe(false);
  const holder: ChildProcess = spawn('flock', [join(scratch.path, 'lock'), 'sleep', '600'], { detached: true });
  try {
    await until(() => stillRuns(scratch.path));
  } finally {
    process.kill(-holder.pid!, 'SIGKILL');
    await once(holder, 'exit');
  }
  await until(() => !stillRuns(scratch.path));
});
