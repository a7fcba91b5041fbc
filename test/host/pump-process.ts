import pino from 'pino';

import { createEngine } from '../../docker/dockerode-engine';
import { createPumps } from '../../host/pumps';
import { openLateLogStore } from '../../store/file-late-log-store';
import { openLogStore } from '../../store/file-log-store';
import type { HostConfig } from './helpers';

/** The pumps of a host in a process of their own, to be killed or stopped: its configuration, and how large files of a log may be. */
const [, , configText = '', size = '65536'] = process.argv;
const config = JSON.parse(configText) as HostConfig;
const options = { segmentBytes: Number(size) };
const pumps = createPumps({
  engine: createEngine(config.host.dockerHost),
  logs: openLogStore(config.data, options),
  lateLogs: openLateLogStore(config.data, options),
  config,
  log: pino({ level: 'silent' }),
});
void pumps.start();
// Without a container the pumps would let the process end.
setInterval(() => undefined, 1000);
