import type { FastifyInstance, FastifyRequest } from 'fastify';
import fastifyPlugin from 'fastify-plugin';

import { isLoopback } from '../../config/loopback';
import { ProblemError } from '../problem-error';

export interface BrowserGuardOptions {
  /** Whether requests may come for other addresses than those of this machine. */
  allowRemote: boolean;
  /** Host names, without a port, that are accepted besides. */
  allowedHosts: readonly string[];
}

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Keeps web pages from using the API through the browser of somebody who can reach it; there are no tokens that would.
 *
 * A page whose own name was made to point here (DNS rebinding) is known by its `Host`, which must be a name or address that
 * nobody else can own. Any other page is known by its `Origin`; it may start, change and listen to nothing.
 */
export const browserGuard = fastifyPlugin(
  async (app: FastifyInstance, options: BrowserGuardOptions) => {
    app.addHook('onRequest', async (request, reply) => {
      reply.header('x-content-type-options', 'nosniff').header('x-frame-options', 'DENY');
      checkHost(request, options);
      if (!SAFE_METHODS.has(request.method) || request.headers.upgrade !== undefined) checkOrigin(request);
    });
  },
  { name: 'browser-guard' },
);

function checkHost(request: FastifyRequest, options: BrowserGuardOptions): void {
  const { host } = request.headers;
  const name = hostName(host ?? '');
  if (name !== undefined && isTrusted(name, options)) return;
  throw new ProblemError(
    'foreign-host',
    `The Host "${host ?? ''}" is not one that this server answers for; use localhost or an address, or name it in TRAINYARD_API_ALLOWED_HOSTS.`,
  );
}

function isTrusted(name: string, { allowRemote, allowedHosts }: BrowserGuardOptions): boolean {
  if (isLoopback(name) || allowedHosts.includes(name)) return true;
  // A page can own neither an address nor a name without a dot, such as a service's within a container network.
  return allowRemote && (!name.includes('.') || isAddress(name));
}

function checkOrigin({ headers }: FastifyRequest): void {
  const { origin, host } = headers;
  const isSame = origin === undefined || (URL.canParse(origin) && new URL(origin).host === host);
  if (isSame && headers['sec-fetch-site'] !== 'cross-site') return;
  throw new ProblemError(
    'foreign-origin',
    `A web page of ${origin ?? 'another site'} may not do this; use the page at /docs, the command line, or a program.`,
  );
}

/** The lower-case name of a Host header, without port and brackets; undefined where it is malformed. */
function hostName(host: string): string | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]+))(?::\d{1,5})?$/.exec(host);
  return (match?.[1] ?? match?.[2])?.toLowerCase();
}

function isAddress(name: string): boolean {
  return name.includes(':') || /^\d{1,3}(\.\d{1,3}){3}$/.test(name);
}
