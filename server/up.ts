import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { timeLimit } from '../contract/time-limit';
import { isConfigError } from '../config/config-error';
import { lockDataFolder } from '../store/data-lock';
import { isStoreError } from '../store/errors';
import { echoLogs } from './echo-logs';
import { countLiveRuns } from './live-runs';
import { type Part, startPart } from './part';
import { apiPart, type PartSettings, temporalPart, workerPart } from './parts';
import { DEFAULT_DATA, loadServerConfig, planServer, type ServerPlan, type UpOptions } from './plan';
import { isServerStartError, ServerStartError } from './server-start-error';
import { listenForStop, type StopSignals } from './stop-signals';
import { keepEndedWorkflows, temporalAnswers } from './temporal-connection';

/** Where the server speaks: the terminal, or a test. */
export interface UpIo {
  print: (line: string) => void;
  printError: (line: string) => void;
}

const NAMED_TEMPORAL_WITHIN_MS = 30_000;

/**
 * Runs a whole server until it is told to stop: Temporal's development server (unless one is named), the worker and the
 * API, each a process of its own that is started again when it dies. Containers of runs depend on none of them.
 *
 * @param env the environment that the settings and the parts are taken from.
 * @returns the exit code: 0 after a stop that was asked for, 1 where the server could not start, 130 where the stop was
 *   cut short by a second signal.
 */
export async function up(options: UpOptions, env: NodeJS.ProcessEnv, io: UpIo): Promise<number> {
  const stop = listenForStop();
  try {
    const config = loadServerConfig(options, env);
    const { data } = config;
    const lock = lockDataFolder(data, 'server');
    try {
      const logs = join(data, 'server');
      mkdirSync(logs, { recursive: true });
      const plan = await planServer(config, options, env);
      const shownData = options.data ?? (data === resolve(DEFAULT_DATA) ? DEFAULT_DATA : data);
      return await runParts(plan, { shownData, data, logs, verbose: options.verbose === true }, stop, io);
    } finally {
      lock.release();
    }
  } catch (error) {
    if (!isServerStartError(error) && !isStoreError(error) && !isConfigError(error)) throw error;
    if (stop.asked.aborted) return 0;
    io.printError(`error: ${error.message}`);
    return 1;
  } finally {
    // Still deaf to Ctrl-C, which reaches this program, too.
    if (options.onStop !== undefined) spawnSync(options.onStop, { stdio: 'inherit' });
    stop.release();
  }
}

interface Folders {
  /** The data folder as the person wrote it. */
  shownData: string;
  data: string;
  logs: string;
  verbose: boolean;
}

async function runParts(plan: ServerPlan, folders: Folders, stop: StopSignals, io: UpIo): Promise<number> {
  const parts: Part[] = [];
  let exitCode = 0;
  stop.onSecond(() => {
    exitCode = 130;
    for (const part of parts) part.kill();
  });
  const logFiles = ['temporal', 'worker', 'api'].map((name) => join(folders.logs, `${name}.log`));
  const endEcho = folders.verbose ? echoLogs(logFiles, io.print) : undefined;
  try {
    await startParts(plan, folders, parts, stop.asked, io);
    io.print(readyLine(plan, folders));
    await aborted(stop.asked);
    await sayWhatGoesOn(plan, io);
  } finally {
    for (const part of parts.reverse()) await part.stop();
    endEcho?.();
  }
  return exitCode;
}

async function startParts(
  { ownTemporal, temporal, apiUrl, partEnv }: ServerPlan,
  { data, logs }: Folders,
  parts: Part[],
  asked: AbortSignal,
  { printError }: UpIo,
): Promise<void> {
  const settings: PartSettings = { programs: resolve(__dirname, '..'), logs, env: partEnv };
  if (ownTemporal) {
    const dbFile = join(data, 'temporal.db');
    const part = temporalPart(settings, { ...ownTemporal, dbFile, namespace: temporal.namespace });
    parts.push(await startPart(part, printError, asked));
    await keepEndedWorkflows(temporal.address, temporal.namespace);
  } else {
    await namedTemporalAnswers(temporal, asked);
  }
  parts.push(await startPart(workerPart(settings), printError, asked));
  parts.push(await startPart(apiPart(settings, apiUrl), printError, asked));
}

async function namedTemporalAnswers(temporal: ServerPlan['temporal'], asked: AbortSignal): Promise<void> {
  const signal = AbortSignal.any([asked, timeLimit(NAMED_TEMPORAL_WITHIN_MS)]);
  await temporalAnswers(temporal.address, temporal.namespace, signal).catch((error: unknown) => {
    const cause = error instanceof Error ? error.message : String(error);
    throw new ServerStartError(
      `Temporal at ${temporal.address} does not answer for the namespace ${temporal.namespace} (${cause}); start it, or unset TEMPORAL_ADDRESS to have the server bring its own.`,
    );
  });
}

function readyLine({ apiUrl, ownTemporal, temporal }: ServerPlan, { shownData }: Folders): string {
  const where = ownTemporal
    ? `Temporal UI http://${ownTemporal.host}:${ownTemporal.uiPort}`
    : `Temporal at ${temporal.address}`;
  return `Trainyard is ready: ${apiUrl} (docs /docs, ${where}, data ${shownData})`;
}

async function sayWhatGoesOn({ apiUrl }: ServerPlan, io: UpIo): Promise<void> {
  const live = await countLiveRuns(apiUrl);
  if (live === null || live === 0) return;
  io.print(
    `Stopping. ${live} ${live === 1 ? 'run goes' : 'runs go'} on in containers; start the server again to take them up.`,
  );
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolved) => {
    if (signal.aborted) resolved();
    signal.addEventListener('abort', () => resolved(), { once: true });
  });
}
