import { join } from 'node:path';

import type { Config } from '../config/config';
import { createEngine } from '../docker/dockerode-engine';
import type { Engine } from '../docker/engine';
import { longestSilenceMs } from '../docker/silence-limit';
import { examineMachine } from '../process/machine';
import { createProcessEngine } from '../process/process-engine';
import { withProcesses } from '../process/with-processes';

/** Thrown where the settings ask for what this machine cannot do; the message has the mend. */
export class FallbackImpossibleError extends Error {
  override readonly name = 'FallbackImpossibleError';
}

/**
 * The engine of a host. Local processes belong to it also where new ones are not allowed any more: those that there are go
 * on to their end.
 *
 * @throws {FallbackImpossibleError}
 */
export function openEngine(
  { data, host, worker }: Pick<Config, 'data' | 'host' | 'worker'>,
  machine = examineMachine(),
): Engine {
  const logSilenceMs = longestSilenceMs(host.containerLogSizeBytes * host.containerLogFiles);
  const containers = createEngine(host.dockerHost, { logSilenceMs });
  if (!worker.roles.includes('host')) return containers;
  if (host.fallback === 'process' && machine.problem !== null) {
    throw new FallbackImpossibleError(`host.fallback cannot be "process" on this machine: ${machine.problem}`);
  }
  const processes = createProcessEngine({
    folder: join(data, 'processes', host.name),
    // Run as this process is, so from source where that is.
    shim: { program: require.resolve('../process/main'), execArgv: process.execArgv },
    machine,
  });
  return withProcesses(containers, processes);
}
