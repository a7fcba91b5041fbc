import { PassThrough } from 'node:stream';

import WebSocket from 'ws';

import { runProgram } from '../../cli/run-program';
import { createTerminal } from '../../cli/terminal';
import { MAX_LINE_BYTES } from '../../host/line-assembler';
import { splitNote } from '../../host/log-notes';
import type { NewLogLine } from '../../store/log-store';
import { storeRun } from '../api/stored-run';
import { testApi, type TestApi } from '../api/test-api';

const TIME = '2026-01-01T00:00:00.000000001Z';
const MIB = 'x'.repeat(MAX_LINE_BYTES);

let api: TestApi;
let address: string;

beforeAll(async () => {
  api = await testApi();
  address = `127.0.0.1:${await api.listen()}`;
});
afterAll(async () => api.close());

const printed = (text: string): NewLogLine => ({ time: TIME, stream: 'stdout', text });

async function write(id: string, lines: NewLogLine[]): Promise<void> {
  await storeRun(api.services.runStore, { id, state: 'succeeded', reason: 'completed' });
  const writer = await api.services.logStore.openWriter(id, 1);
  await writer.append(lines);
  await writer.close();
}

/** What the process of the command line writes for `trainyard` with these arguments. */
async function cli(isTTY: boolean, ...args: string[]): Promise<{ out: string; err: string }> {
  const written = { out: '', err: '' };
  const stream = (name: 'out' | 'err') =>
    Object.assign(new PassThrough(), { isTTY, write: (text: string) => void (written[name] += text) });
  const process = { stdout: stream('out'), stderr: stream('err'), stdin: new PassThrough(), env: { NO_COLOR: '1' } };
  const io = createTerminal(process as unknown as NodeJS.Process, () => undefined);
  await runProgram(['--server', `http://${address}`, ...args], { io, env: {}, version: '1.2.3' });
  return written;
}

const textOf = (json: string): string[] => {
  const { stream, text } = JSON.parse(json) as { stream?: string; text: string };
  return stream === 'stdout' ? [text] : [];
};

async function overSocket(id: string): Promise<string[]> {
  const socket = new WebSocket(`ws://${address}/v1/runs/${id}/logs`);
  const got: string[] = [];
  socket.on('message', (data: Buffer) => got.push(...textOf(data.toString())));
  await new Promise((resolve, reject) => socket.once('close', resolve).once('error', reject));
  return got;
}

/** The printed lines as each way shows them that is for programs, and may be for people. */
async function exactWays(id: string): Promise<Record<string, string[]>> {
  const body = async (query: string): Promise<string> =>
    (await fetch(`http://${address}/v1/runs/${id}/logs?${query}`)).text();
  const lines = (text: string): string[] => text.slice(0, -1).split('\n');
  return {
    text: lines(await body('')).filter((line) => !line.startsWith('[trainyard] ')),
    ndjson: lines(await body('format=ndjson')).flatMap((line) => textOf(line)),
    sse: lines(await body('format=sse'))
      .filter((line) => line.startsWith('data: '))
      .flatMap((line) => textOf(line.slice('data: '.length))),
    webSocket: await overSocket(id),
    'trainyard logs | …': lines((await cli(false, 'logs', id)).out),
    'trainyard logs -f | …': lines((await cli(false, 'logs', '-f', id)).out),
    'trainyard logs --json | …': lines((await cli(false, 'logs', id, '--json')).out).flatMap((line) => textOf(line)),
  };
}

const ESC = '\u001b';

describe('odd output is shown exactly to programs, and to people on a terminal as it can take it', () => {
  test.each<[string, string, string]>([
    ['colours', `${ESC}[1;38;5;196mred${ESC}[0m plain`, `${ESC}[1;38;5;196mred${ESC}[0m plain`],
    ['emoji and other scripts', '👩🏽‍🚀 größe 漢字 \u2028', '👩🏽‍🚀 größe 漢字 \u2028'],
    ['bytes that were no UTF-8', 'caf\ufffd\ufffd', 'caf\ufffd\ufffd'],
    ['a tab', 'a\tb', 'a\tb'],
    ['nothing', '', ''],
    ['NUL and others without a shape', 'a\0b\u0007\b\f\u007f', 'a␀b␇␈␌␡'],
    ['a progress bar', '\r 10%|#  |\r 50%|## |\r100%|###|', '100%|###|'],
    [
      'a progress bar that clears its line',
      `${ESC}[32m 50%${ESC}[0m\r${ESC}[K100%\r${ESC}[K${ESC}[0m`,
      `100%${ESC}[0m`,
    ],
    ['a line end of Windows', 'text\r', 'text'],
    ['the cursor being moved', `${ESC}[2Aup${ESC}[2J${ESC}[1;1H${ESC}[?25l`, 'up'],
    ['keys being changed', `${ESC}[>4;2mx`, 'x'],
    ['a title', `${ESC}]0;mine\u0007x`, '␛]0;mine␇x'],
    ['the clipboard', `${ESC}]52;c;cm0gLXJm${ESC}\\x`, '␛]52;c;cm0gLXJm␛\\x'],
    ['a reset, and what is no sequence', `${ESC}c${ESC}[31`, '␛c␛[31'],
    ['one sequence within another', `${ESC}${ESC}[K[2Jx`, '␛[2Jx'],
    ['controls of eight bits', '\u009b2Jx\u0085', '<U+009B>2Jx<U+0085>'],
  ])('%s', async (name, text, shown) => {
    const id = name.replaceAll(/\W+/g, '-').toLowerCase();
    await write(id, [printed('before'), printed(text), printed('after')]);

    for (const [way, lines] of Object.entries(await exactWays(id))) {
      expect([way, ...lines]).toEqual([way, 'before', text, 'after']);
    }
    for (const args of [
      ['logs', id],
      ['logs', '-f', id],
    ]) {
      expect((await cli(true, ...args)).out).toBe(`before\n${shown}\nafter\n`);
    }
    expect((await cli(true, 'logs', '-t', id)).out).toContain(`\n${TIME} stdout ${shown}\n`);
    expect((await cli(true, 'grep', '(?s)^.*$', '--text', id)).out).toContain(`\n${id}:2: ${shown}\n`);
    expect((await cli(false, 'grep', '(?s)^.*$', '--text', id)).out).toContain(`\n${id}:2: ${text}\n`);
  });

  test('a line of 5 MiB, in parts', async () => {
    await write('long', [printed(MIB), splitNote(TIME, 'stdout'), ...Array.from({ length: 4 }, () => printed(MIB))]);

    for (const [way, lines] of Object.entries(await exactWays('long'))) {
      expect([way, lines.length, lines.every((line) => line === MIB)]).toEqual([way, 5, true]);
    }
    const { out, err } = await cli(true, 'logs', 'long');
    expect(out === `${MIB}\n`.repeat(5)).toBe(true);
    expect(err).toContain('line 2: the line of stdout above is longer than 1048576 bytes');
  });
});
