import pino from 'pino';

import { createEngine } from '../../docker/dockerode-engine';
import { createPumps } from '../../host/pumps';
import { openLateLogStore } from '../../store/file-late-log-store';
import { openLogStore } from '../../store/file-log-store';
import type { HostConfig } from './helpers';

/** The pumps of a host in a process of their own, to be killed. */
const config = JSON.parse(process.argv[2] ?? '') as HostConfig;
const pumps = createPumps({
  engine: createEngine(config.host.dockerHost),
  logs: openLogStore(config.data, { segmentBytes: 64 * 1024 }),
  lateLogs: openLateLogStore(config.data, { segmentBytes: 64 * 1024 }),
  config,
  log: pino({ level: 'silent' }),
});
void pumps.start();
// Without a container the pumps would let the process end.
setInterval(() => undefined, 1000);
