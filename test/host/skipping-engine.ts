import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';

import { parseDockerHost } from '../../docker/docker-host';
import { createEngine } from '../../docker/dockerode-engine';
import type { Engine, LogRecord } from '../../docker/engine';
import { createAnswerParser } from '../../docker/http-answer';
import { createFrameParser } from '../../docker/log-frames';
import { TEST_DOCKER_HOST } from '../helpers/engine';

export interface SkippingEngine {
  /** Sees no files of the engine. */
  engine: Engine;
  /** Paths of all readings of logs so far. */
  readings: string[];
  close(): Promise<void>;
}

/**
 * The real engine behind a socket of a test's own, whose followers are led past records: as the real ones are when the container fills a
 * file while they are held up at the end of the one before. Without follow nothing is left out.
 */
export async function skippingEngine(folder: string, leavesOut: (text: string) => boolean): Promise<SkippingEngine> {
  const socketPath = join(folder, 'skipping.sock');
  const readings: string[] = [];
  const server = createServer((client) => {
    client.once('data', (request) => {
      const real = connect(addressOf(TEST_DOCKER_HOST));
      real.on('error', () => client.destroy());
      client.on('error', () => real.destroy());
      client.once('close', () => real.destroy());
      real.write(request);
      const [, reading] = /^GET (\S+\/logs\?\S+)/.exec(request.toString('latin1')) ?? [];
      if (reading !== undefined) readings.push(reading);
      if (reading?.includes('follow=true')) relayFollow(real, client, leavesOut);
      else client.pipe(real).pipe(client);
    });
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  const engine = createEngine(`unix://${socketPath}`);
  return {
    engine: { ...engine, filesOf: async () => null },
    readings,
    close: async () => {
      engine.close();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function addressOf(dockerHost: string): { path: string } | { host: string; port: number } {
  const address = parseDockerHost(dockerHost);
  return 'socketPath' in address ? { path: address.socketPath } : address;
}

const HEAD = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';

function relayFollow(real: Socket, client: Socket, leavesOut: (text: string) => boolean): void {
  const answer = createAnswerParser();
  const frames = createFrameParser();
  // What is there by then a follower holds open.
  const opened = new Date().toISOString();
  client.write(HEAD);
  real.on('data', (bytes: Buffer) => {
    const records = frames
      .push(answer.push(bytes))
      .filter(({ time, data }) => time < opened || !leavesOut(data.toString()));
    for (const record of records) client.write(chunkOf(frameOf(record)));
    if (answer.isDone) client.end('0\r\n\r\n');
  });
  real.once('close', () => client.end());
}

function frameOf({ time, stream, data, complete }: LogRecord): Buffer {
  const payload = Buffer.concat([Buffer.from(`${time} `), data, Buffer.from(complete ? '\n' : '')]);
  const header = Buffer.alloc(8);
  header[0] = stream === 'stdout' ? 1 : 2;
  header.writeUInt32BE(payload.length, 4);
  return Buffer.concat([header, payload]);
}

function chunkOf(data: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${data.length.toString(16)}\r\n`), data, Buffer.from('\r\n')]);
}
