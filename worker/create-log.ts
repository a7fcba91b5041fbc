import pino, { type Logger } from 'pino';
import pretty from 'pino-pretty';

import type { Config } from '../config/config';

/** The worker's own log on its standard output: JSON, one object a line, or for people where that is a terminal. */
export function createLog({ logLevel: level }: Pick<Config, 'logLevel'>): Logger {
  const options = { name: 'worker', level };
  // In this thread, so that the last lines of a process that ends are not lost.
  return process.stdout.isTTY === true ? pino(options, pretty({ sync: true, ignore: 'pid,hostname' })) : pino(options);
}
