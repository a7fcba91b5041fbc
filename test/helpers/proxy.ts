import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Stands between a client and a server, passes bytes on, and fails on demand. */
export interface TestProxy {
  /** Where it listens: the path of a socket, or `127.0.0.1:<port>`, as its target. */
  address: string;
  openConnections(): number;
  /**
   * Lets that many more bytes of the server's answers through, over all connections. Then it either holds the rest back,
   * until there is a new limit, or cuts the connection.
   */
  limit(bytes: number, then: 'stall' | 'cut'): void;
  /** Breaks off every connection; new ones are taken. */
  cutAll(): void;
  stop(): Promise<void>;
}

/** Starts a proxy before a unix socket (`{ path }`) or a port of 127.0.0.1 (`{ port }`); at first it lets all through. */
export async function startProxy(target: { path: string } | { port: number }): Promise<TestProxy> {
  const folder = await mkdtemp(join(tmpdir(), 'trainyard-proxy-'));
  const valve: Valve = { bytes: Infinity, then: 'stall' };
  const links = new Set<Link>();
  const server = createServer((client) => {
    const upstream = connect('path' in target ? target : { ...target, host: '127.0.0.1' });
    const link = joined(client, upstream, valve);
    links.add(link);
    client.on('close', () => links.delete(link));
  });
  const socket = join(folder, 'proxy.sock');
  await listen(server, 'path' in target ? { path: socket } : { port: 0, host: '127.0.0.1' });

  const cutAll = (): void => links.forEach(({ cut }) => cut());
  return {
    address: 'path' in target ? socket : `127.0.0.1:${(server.address() as AddressInfo).port}`,
    openConnections: () => links.size,
    limit: (bytes, then) => {
      Object.assign(valve, { bytes, then });
      links.forEach(({ flush }) => flush());
    },
    cutAll,
    stop: async () => {
      cutAll();
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

interface Valve {
  bytes: number;
  then: 'stall' | 'cut';
}

interface Link {
  flush(): void;
  cut(): void;
}

function joined(client: Socket, upstream: Socket, valve: Valve): Link {
  let held = Buffer.alloc(0);
  let ended = false;
  const cut = (): void => {
    client.destroy();
    upstream.destroy();
  };
  const flush = (): void => {
    const part = held.subarray(0, valve.bytes);
    held = held.subarray(part.length);
    valve.bytes -= part.length;
    if (part.length > 0) client.write(part);
    if (held.length === 0) {
      if (ended) client.end();
      else upstream.resume();
    } else if (valve.then === 'cut') {
      client.end(cut);
    }
  };
  upstream.on('data', (chunk: Buffer) => {
    upstream.pause();
    held = Buffer.concat([held, chunk]);
    flush();
  });
  upstream.on('end', () => {
    ended = true;
    flush();
  });
  upstream.on('error', cut);
  client.on('data', (chunk) => upstream.write(chunk));
  client.on('error', cut).on('close', cut);
  return { flush, cut };
}

async function listen(server: Server, where: { path: string } | { port: number; host: string }): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(where, resolve);
  });
}
