import WebSocket from 'ws';

import { beginningNote, gapNotes, removedEarlyNote, splitNote, unreadableNote } from '../../host/log-notes';
import type { NewLogLine } from '../../store/log-store';
import { cli } from '../cli/cli-harness';
import { storeRun } from './stored-run';
import { testApi, type TestApi } from './test-api';

const at = (second: number): string => `2026-01-01T00:00:0${second}.000000000Z`;
const line = (text: string, second: number, stream: NewLogLine['stream'] = 'stdout'): NewLogLine => ({
  time: at(second),
  stream,
  text,
});

const SPLIT = 'the line of stdout above is longer than 1048576 bytes; it goes on in the next line of stdout';
const GAP = `gap: lines between ${at(3)} and ${at(4)} are missing; the engine had thrown them away`;
const SHOWN = [
  [1, undefined, 'one'],
  [3, undefined, 'first part'],
  [4, 'split', SPLIT],
  [5, undefined, 'second part'],
  [6, 'gap', GAP],
  [7, undefined, 'last'],
] as const;

let api: TestApi;
let port: number;

beforeAll(async () => {
  api = await testApi();
  port = await api.listen();
  await write('digits', [
    line('one', 1),
    line('NO CONTAINER: this attempt is a local process', 1, 'system'),
    line('first part', 2),
    splitNote(at(2), 'stdout'),
    line('second part', 3),
    ...gapNotes(at(3), [{ time: at(4) }]),
    line('last', 4),
  ]);
});
afterAll(async () => api.close());

/** The log of an attempt that has ended. */
async function write(id: string, lines: NewLogLine[]): Promise<void> {
  await storeRun(api.services.runStore, { id, state: 'succeeded', reason: 'completed' });
  const writer = await api.services.logStore.openWriter(id, 1);
  await writer.append(lines);
  await writer.seal({ gaps: 1, badBytes: 0 });
  await writer.close();
}

interface Told {
  number: number;
  text: string;
  note?: string;
  event?: string;
}

const logs = async (query: string, headers = {}, id = 'digits'): Promise<string> =>
  (await api.get(`/v1/runs/${id}/logs?${query}`, headers)).body;
const told = (lines: readonly string[]) =>
  lines.map((each) => JSON.parse(each) as Told).map(({ number, note, text }) => [number, note, text]);
const dataOf = (events: string): string[] =>
  [...events.matchAll(/^id: \d+\ndata: (.*)$/gm)].map((match) => match[1]!).filter((data) => data.includes('"number"'));

async function overSocket(): Promise<string[]> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/runs/digits/logs`);
  const got: string[] = [];
  socket.on('message', (data: Buffer) => got.push(data.toString()));
  await new Promise((resolve, reject) => socket.once('close', resolve).once('error', reject));
  return got.slice(0, -1);
}

const on = (...args: string[]): string[] => ['--server', `http://127.0.0.1:${port}`, ...args];

describe('a gap, and a line in parts, are told by default', () => {
  test.each<[string, () => Promise<string[]>]>([
    ['NDJSON', async () => (await logs('format=ndjson')).trimEnd().split('\n')],
    ['server-sent events', async () => dataOf(await logs('format=sse'))],
    ['a WebSocket', overSocket],
    ['trainyard logs --json', async () => (await cli(on('logs', 'digits', '--json'))).out.trimEnd().split('\n')],
  ])('by %s, as lines of `system` with their kind, each in its place and under its number', async (_, lines) => {
    expect(told(await lines())).toEqual(SHOWN);
  });

  test('by text, as marked lines in their places', async () => {
    const expected = `one\nfirst part\n[trainyard] ${SPLIT}\nsecond part\n[trainyard] ${GAP}\nlast\n`;

    expect(await logs('')).toBe(expected);
    expect(await logs('timestamps=true')).toContain(`\n${at(4)} system ${GAP}\n`);
  });

  test.each([[['logs', 'digits']], [['logs', '-f', 'digits']]])(
    'by trainyard %j beside the lines, which stay what was printed',
    async (args) => {
      const { out, err } = await cli(on(...args));

      expect(out).toBe('one\nfirst part\nsecond part\nlast\n');
      expect(err).toBe(`line 4: ${SPLIT}\nline 6: ${GAP}\n`);
    },
  );

  test('by trainyard logs --system in their places', async () => {
    const { out, err } = await cli(on('logs', 'digits', '--system', '--from', '5'));

    expect(out).toBe(`second part\n${GAP}\nlast\nsealed: 4 lines, 1 gaps, 0 bad bytes\n`);
    expect(err).toBe('');
  });

  test.each([
    ['what the host found when it first read the log', beginningNote(at(2))],
    ['a container that was removed early', removedEarlyNote(at(2))],
    ['a log that the engine cannot read', unreadableNote(at(2))],
  ])('also where it is %s', async (why, note) => {
    const id = `gap-${why.length}`;
    await write(id, [line('one', 1), note]);

    expect(await logs('', {}, id)).toBe(`one\n[trainyard] ${note.text}\n`);
  });
});

describe('the notes of a log', () => {
  test.each([
    ['stream=stdout&stream=stderr', 'one\nfirst part\nsecond part\nlast\n'],
    ['tail=1', 'last\n'],
    ['tail=2', `second part\n[trainyard] ${GAP}\nlast\n`],
    ['tail=0', ''],
    ['grep=part', 'first part\nsecond part\n'],
    ['grep=^gap: ', `[trainyard] ${GAP}\n`],
    ['from=6', `[trainyard] ${GAP}\nlast\n`],
    ['attempt=2', ''],
  ])('are chosen by %s', async (query, body) => {
    expect(await logs(query)).toBe(body);
  });

  test('have numbers that a reader goes on after', async () => {
    const events = await logs('format=sse', { 'last-event-id': '4' });

    expect(told(dataOf(events)).map(([number]) => number)).toEqual([5, 6, 7]);
  });

  test('are none of what a search over all logs finds, unless it asks for them', async () => {
    const found = async (query: string) =>
      (await api.get(`/v1/logs?query=^gap&text=digits${query}`)).json<{ items: Told[] }>().items;

    expect(await found('')).toEqual([]);
    expect(await found('&system=true')).toMatchObject([{ number: 6, note: 'gap', text: GAP }]);
  });
});
