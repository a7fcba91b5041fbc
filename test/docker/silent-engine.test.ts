import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { createEngine } from '../../docker/dockerode-engine';
import type { Engine } from '../../docker/engine';
import { EngineUnavailableError } from '../../docker/errors';
import { longestSilenceMs } from '../../docker/silence-limit';
import { scratchFolder } from '../helpers/scratch-folder';
import { until } from '../helpers/until';

const scratch = scratchFolder();
const never = new AbortController().signal;
let server: Server;

/** An engine that takes every request, sends a head, and then nothing any more. */
beforeEach(() => {
  server = createServer((_, response) => response.writeHead(200).flushHeaders());
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function drain(engine: Engine, options: { follow: boolean; tail?: number }): Promise<void> {
  for await (const _ of engine.readLogs('some', { ...options, signal: never })) throw new Error('there is no record');
}

describe('an engine that falls silent', () => {
  it('is away for a reading without follow, and may be silent in a follow', async () => {
    const socketPath = join(scratch.path, 'engine.sock');
    await new Promise<void>((resolve) => server.listen(socketPath, resolve));
    const engine = createEngine(`unix://${socketPath}`, { logSilenceMs: 50 });
    let followed: unknown = 'goes on';
    const following = drain(engine, { follow: true }).catch((error: unknown) => (followed = error));

    await expect(drain(engine, { follow: false })).rejects.toThrow(EngineUnavailableError);
    await expect(drain(engine, { follow: false, tail: 1 })).rejects.toThrow(/nothing came for 50 ms/);
    expect(followed).toBe('goes on');

    engine.close();
    await following;
  });

  it('has the longer for a log, the more it may have to read of it', () => {
    expect(longestSilenceMs(0)).toBe(300_000);
    expect(longestSilenceMs(150 * 1024 ** 2)).toBe(300_000);
    expect(longestSilenceMs(10e9)).toBe(10_000_000);
  });

  it.each<[string, (engine: Engine) => Promise<unknown>]>([
    ['a call', (engine) => engine.inspectContainer('some')],
    ['a wait', (engine) => engine.waitContainer('some', never)],
    ['a reading', (engine) => drain(engine, { follow: false })],
    ['a follow', (engine) => drain(engine, { follow: true })],
  ])('is asked by the kernel whether it is there while %s of it goes on over TCP', async (_, ask) => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const engine = createEngine(`tcp://127.0.0.1:${port}`);
    const asking = ask(engine).catch((error: unknown) => error);

    await until(() => timersTo(port).join() === KEEP_ALIVE_TIMER);

    engine.close();
    expect(await asking).toBeInstanceOf(EngineUnavailableError);
  });
});

const KEEP_ALIVE_TIMER = '02';
const ESTABLISHED = '01';

/** The kernel's timer of each connection to a port of this machine, as the column `tr` of proc_pid_net(5) tells. */
function timersTo(port: number): string[] {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const rows = readFileSync('/proc/net/tcp', 'utf8').trim().split('\n').slice(1);
  return rows
    .map((row) => row.trim().split(/\s+/))
    .filter(([, , remote = '', state]) => remote.endsWith(`:${hex}`) && state === ESTABLISHED)
    .map((columns) => columns[5]!.slice(0, 2));
}
