import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { listenForStop } from '../server/stop-signals';
import { parseOptions, USAGE, UsageError } from './options';
import { runChaos } from './run-chaos';
import { summarise } from './summary';

const IMAGE = 'trainyard/base:bookworm';

/** @returns the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  let options;
  try {
    options = parseOptions(args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`error: ${error.message}\n`);
    return 2;
  }
  if (options === null) {
    process.stdout.write(USAGE);
    return 0;
  }
  const startedAt = Date.now();
  const tell = (line: string): void =>
    console.log(`${String(Math.round((Date.now() - startedAt) / 1000)).padStart(5)} s  ${line}`);
  console.log(`seed ${options.seed}`);
  const folder = mkdtempSync(join(tmpdir(), 'trainyard-chaos-'));
  const stop = listenForStop();
  let isOfInterest = true;
  try {
    const result = await runChaos({ ...options, image: IMAGE, folder, env: process.env, tell, stopped: stop.asked });
    isOfInterest = result.verdict.violations.length > 0;
    for (const line of summarise(result)) console.log(line);
    return isOfInterest ? 1 : 0;
  } catch (error) {
    if (!stop.asked.aborted) throw error;
    isOfInterest = false;
    return 130;
  } finally {
    stop.release();
    if (!isOfInterest && !options.keep) rmSync(folder, { recursive: true, force: true });
    else console.log(`\nLogs, data and facts are kept in ${folder}; repeat with --seed ${options.seed}`);
  }
}
