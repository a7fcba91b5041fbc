/** Where an engine listens, in the words of Node's HTTP client. */
export type EngineAddress = { socketPath: string } | { host: string; port: number };

/** Thrown when the address of an engine is not one that can be used. */
export class InvalidDockerHostError extends Error {
  override readonly name = 'InvalidDockerHostError';
}

/**
 * Reads an address in the form of the `DOCKER_HOST` variable: `unix:///path/of.sock` or `tcp://host:port`. Plain TCP only:
 * whoever reaches such a port is root on that machine, so it belongs on 127.0.0.1 or behind a tunnel.
 *
 * @throws {InvalidDockerHostError}
 */
export function parseDockerHost(dockerHost: string): EngineAddress {
  const [, scheme, rest] = /^([a-z]+):\/\/(.*)$/.exec(dockerHost) ?? [];
  if (scheme === 'unix') return unixAddress(dockerHost, rest ?? '');
  if (scheme === 'tcp') return tcpAddress(dockerHost);
  throw refused(dockerHost, scheme === undefined ? 'it has no scheme' : `${scheme}:// is not supported`);
}

function unixAddress(dockerHost: string, path: string): EngineAddress {
  if (!/^\/[^\0]/.test(path)) throw refused(dockerHost, 'the path of the socket must be absolute');
  return { socketPath: path };
}

function tcpAddress(dockerHost: string): EngineAddress {
  if (!URL.canParse(dockerHost)) throw refused(dockerHost, 'it is not a URL');
  const url = new URL(dockerHost);
  if (url.hostname === '' || url.port === '') throw refused(dockerHost, 'both host and port are needed');
  if (url.username || url.password || url.search || url.hash || !['', '/'].includes(url.pathname)) {
    throw refused(dockerHost, 'nothing may stand beside host and port');
  }
  return { host: url.hostname, port: Number(url.port) };
}

function refused(dockerHost: string, reason: string): InvalidDockerHostError {
  const shown = JSON.stringify(dockerHost.replace(/\/\/[^/]*@/, '//***@'));
  return new InvalidDockerHostError(
    `cannot reach a Docker Engine at ${shown}: ${reason}; ` +
      'write unix:///var/run/docker.sock or tcp://127.0.0.1:2375',
  );
}
