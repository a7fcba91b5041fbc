import { createServer } from 'node:net';

import { ServerStartError } from './server-start-error';

export interface PortWish {
  /** What the port is for, as in "the API". */
  use: string;
  /** Option that chooses another. */
  option: string;
  /** 0 takes a free one. */
  port: number;
}

/**
 * The ports to use, in the order of the wishes.
 *
 * All are held together while they are probed, so two wishes for a free port never get the same one.
 *
 * @throws {ServerStartError} if a port is taken or forbidden.
 */
export async function choosePorts(host: string, wishes: readonly PortWish[]): Promise<number[]> {
  const held: { port: number; release: () => Promise<void> }[] = [];
  try {
    for (const wish of wishes) held.push(await holdPort(host, wish));
    return held.map(({ port }) => port);
  } finally {
    await Promise.all(held.map(({ release }) => release()));
  }
}

async function holdPort(host: string, wish: PortWish): Promise<{ port: number; release: () => Promise<void> }> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once('error', (error: NodeJS.ErrnoException) => reject(new ServerStartError(describe(wish, error))));
    probe.listen(wish.port, host, resolve);
  });
  const address = probe.address();
  const port = typeof address === 'object' && address !== null ? address.port : wish.port;
  return { port, release: () => new Promise((resolve) => probe.close(() => resolve())) };
}

function describe({ use, option, port }: PortWish, error: NodeJS.ErrnoException): string {
  if (error.code === 'EADDRINUSE') {
    return `Port ${port} for ${use} is in use by another program; stop that program or choose another port with ${option}.`;
  }
  if (error.code === 'EACCES') {
    return `Port ${port} for ${use} is not allowed for this user; choose one above 1023 with ${option}.`;
  }
  return `Port ${port} for ${use} cannot be opened (${error.message}); choose another with ${option}.`;
}
