/**
 * The log pumps of a host in a process of their own, as a host worker has them, for measurements that shall not count
 * Temporal. Takes up all containers of the host and runs until it is killed: `node bench/pump-process.cjs SETTINGS`, where
 * these are the settings of the host as JSON. Needs `npm run build`.
 */
const pino = require('pino');

const { createEngine } = require('../dist/docker/dockerode-engine');
const { createPumps } = require('../dist/host/pumps');
const { openLateLogStore } = require('../dist/store/file-late-log-store');
const { openLogStore } = require('../dist/store/file-log-store');

const config = JSON.parse(process.argv[2]);
const options = { segmentBytes: 64 * 1024 ** 2 };
const pumps = createPumps({
  engine: createEngine(config.host.dockerHost),
  logs: openLogStore(config.data, options),
  lateLogs: openLateLogStore(config.data, options),
  config,
  log: pino({ level: 'silent' }),
});
void pumps.start().then(() => process.stdout.write('started\n'));
// Without a container the pumps would let the process end.
setInterval(() => undefined, 60_000);
