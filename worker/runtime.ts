import { DefaultLogger, Runtime, type LogLevel } from '@temporalio/worker';
import type { Logger } from 'pino';

const PINO_LEVELS: Record<LogLevel, 'trace' | 'debug' | 'info' | 'warn' | 'error'> = {
  TRACE: 'trace',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  ERROR: 'error',
};

/**
 * Sets up Temporal's runtime, of which a process has one: its logs go into ours. Signals stay with `worker/main`: on one,
 * the runtime's own handlers would stop the workers in an order of their own.
 */
export function installRuntime(log: Logger): void {
  const logger = new DefaultLogger('INFO', ({ level, message, meta }) => log[PINO_LEVELS[level]](meta ?? {}, message));
  Runtime.install({ logger, shutdownSignals: [] });
}
