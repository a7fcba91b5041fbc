import type { Agent } from 'node:http';

import Docker from 'dockerode';

import { parseDockerHost } from './docker-host';
import { createLogConnections, type LogConnections } from './log-connection';
import { mapError, type EngineOperation } from './map-error';
import { settlingDial, type Dial } from './modem-dial';

/** What the parts of the adapter share. */
export interface Connection {
  docker: Docker;
  dial: Dial;
  logs: LogConnections;
  /** Runs a call and fails with the errors of docker/errors; with the reason of `signal` where that ended it. */
  call<T>(operation: EngineOperation, act: () => Promise<T>, signal?: AbortSignal): Promise<T>;
}

export function connect(dockerHost: string, agent: Agent): Connection {
  const docker = new Docker(modemOptions(dockerHost, agent));
  const modem = docker.modem as { dial: Dial };
  modem.dial = settlingDial(modem.dial.bind(modem));
  return {
    docker,
    dial: modem.dial,
    logs: createLogConnections(parseDockerHost(dockerHost)),
    call: async (operation, act, signal) => {
      try {
        return await act();
      } catch (error) {
        signal?.throwIfAborted();
        throw mapError(error, operation, dockerHost);
      }
    },
  };
}

/** What is named here, even as undefined, is not taken from the environment. */
function modemOptions(dockerHost: string, agent: Agent): Docker.DockerOptions {
  const unset = { socketPath: undefined, host: undefined, port: undefined, pathPrefix: undefined };
  const noTls = { ca: undefined, cert: undefined, key: undefined, protocol: 'http' as const };
  // No version: the engine's own. No timeout: what takes hours, such as a pull, ends by its own rules.
  const noLimits = { version: undefined, timeout: undefined };
  return { ...unset, ...noTls, ...noLimits, ...parseDockerHost(dockerHost), agent } as object;
}

export function containerOf(docker: Docker, id: string): Docker.Container {
  return docker.getContainer(encodeURIComponent(id));
}

/** Makes some status codes of an answer, which are failures to docker-modem, into results. */
export async function expecting<T, const Code extends number>(
  codes: readonly Code[],
  answer: Promise<T>,
): Promise<T | Code> {
  try {
    return await answer;
  } catch (error) {
    const code = codes.find((each) => each === (error as { statusCode?: unknown }).statusCode);
    if (code === undefined) throw error;
    return code;
  }
}
