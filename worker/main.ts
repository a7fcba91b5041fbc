import { hostname } from 'node:os';

import { loadConfig } from '../config/load';
import { createLog } from './create-log';
import { runProcess } from './run-process';
import { installRuntime } from './runtime';

/** How long the stop may take in all; whoever stops a worker may count on 10 s. */
const STOP_WITHIN_MS = 9_500;

/** The worker's process. It ends on SIGTERM, on SIGINT, and when the supervisor that started it is gone. */
async function main(): Promise<void> {
  const config = loadConfig({ env: process.env, hostname: hostname() });
  const log = createLog(config);
  const stopping = new AbortController();
  for (const cause of ['SIGTERM', 'SIGINT', 'disconnect'] as const) {
    process.on(cause, () => {
      if (stopping.signal.aborted) return;
      log.info({ cause }, 'The worker was asked to stop');
      stopping.abort(new Error(`stopped by ${cause}`));
      setTimeout(() => {
        log.warn({ withinMs: STOP_WITHIN_MS }, 'The stop takes too long and is cut short; containers go on');
        process.exit(1);
      }, STOP_WITHIN_MS).unref();
    });
  }

  installRuntime(log);
  await runProcess({ config, log, stopping: stopping.signal, ready: () => process.send?.('ready') });
}

main().then(
  // What a library still keeps open must not keep a stopped worker alive.
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
