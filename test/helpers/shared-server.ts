import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { startServer, type TestServer } from './server';
import { until } from './until';

/**
 * The server that test files share which do it no harm: they neither stop or kill a part of it, nor change what belongs to
 * all, nor count on being alone. Its hosts have room for all of them.
 */
export type SharedServer = Pick<TestServer, 'url' | 'temporalAddress' | 'data'> & {
  /** Folder of its secrets; a test file gives its own a name that no other has. */
  secrets: string;
};

/** For `beforeAll`. The first file that asks waits for its start; jest stops it after the last one. */
export async function sharedServer(): Promise<SharedServer> {
  const door = process.env['TRAINYARD_TEST_KEEPER'];
  if (door === undefined) throw new Error('only tests that jest runs have a shared server');
  const answer = JSON.parse(await until(() => askKeeper(door), { timeoutMs: 120_000 })) as Answer;
  if ('error' in answer) throw new Error(answer.error);
  return answer.server;
}

/** What the keeper tells whoever connects to it. */
export type Answer = { server: SharedServer } | { error: string };

async function askKeeper(door: string): Promise<string> {
  const socket = connect(door);
  await once(socket, 'connect');
  return text(socket);
}

/** Called by the keeper. `folder` is one of its own. */
export async function startSharedServer(
  folder: string,
): Promise<{ server: SharedServer; dispose: TestServer['dispose'] }> {
  const secrets = join(folder, 'secrets');
  mkdirSync(secrets);
  const { url, temporalAddress, data, dispose } = await startServer({
    env: {
      // Which run waits for which is no matter of theirs.
      TRAINYARD_HOST_CPUS: '32',
      TRAINYARD_HOST_MEMORY: '64g',
      TRAINYARD_NOTIFY_ALLOW_PRIVATE: '127.0.0.1',
      TRAINYARD_SECRETS: secrets,
    },
  });
  return { server: { url, temporalAddress, data, secrets }, dispose };
}
