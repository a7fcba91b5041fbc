import pino from 'pino';

import type { Config } from '../config/config';
import { createEngine } from '../docker/dockerode-engine';
import { createPumps } from '../host/pumps';
import { openLateLogStore } from '../store/file-late-log-store';
import { openLogStore } from '../store/file-log-store';

/**
 * The log pumps of a host in a process of their own, as a host worker has them, for measurements that shall not count
 * Temporal. Takes up all containers of the host and runs until it is killed.
 *
 * @param args the settings of the host, as JSON.
 */
export async function main([settings = '{}']: string[]): Promise<void> {
  const config = JSON.parse(settings) as Pick<Config, 'data' | 'host' | 'worker'>;
  const options = { segmentBytes: 64 * 1024 ** 2 };
  const pumps = createPumps({
    engine: createEngine(config.host.dockerHost),
    logs: openLogStore(config.data, options),
    lateLogs: openLateLogStore(config.data, options),
    config,
    log: pino({ level: 'silent' }),
  });
  await pumps.start();
  process.stdout.write('started\n');
  // Without a container the pumps would let the process end.
  setInterval(() => undefined, 60_000);
}
