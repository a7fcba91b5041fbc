import { hostname } from 'node:os';
import { resolve } from 'node:path';

import { loadConfig } from '../config/load';
import type { Config } from '../config/config';
import { choosePorts, type PortWish } from './ports';
import { findTemporalBinary } from './temporal-binary';

/** What the person who starts a server may choose; what is left out comes from the settings (config/). */
export interface UpOptions {
  data?: string;
  config?: string;
  port?: number;
  temporalPort?: number;
  uiPort?: number;
  /** Also show the parts' logs. */
  verbose?: boolean;
  /** Program to run when all is stopped, such as one that stops an engine that was started for the server. */
  onStop?: string;
}

export interface ServerPlan {
  apiUrl: string;
  /** Temporal's address and namespace. */
  temporal: { address: string; namespace: string };
  /** The development server to start; null where Temporal runs elsewhere. */
  ownTemporal: { binary: string; host: string; port: number; uiPort: number } | null;
  /** Settings of the parts, as variables. */
  partEnv: NodeJS.ProcessEnv;
}

export const DEFAULT_DATA = './data';
const OWN_TEMPORAL_HOST = '127.0.0.1';
const OWN_TEMPORAL_PORT = 7233;
const OWN_TEMPORAL_UI_PORT = 8233;

/** The settings of a server: the options, then the environment, then the file, then the defaults. */
export function loadServerConfig(options: UpOptions, env: NodeJS.ProcessEnv): Config {
  return loadConfig({ env: { ...env, ...optionVariables(options) }, hostname: hostname() });
}

/**
 * Decides where everything of a server runs.
 *
 * @throws {ServerStartError} if a port is taken, or there is no Temporal to start.
 */
export async function planServer(config: Config, options: UpOptions, env: NodeJS.ProcessEnv): Promise<ServerPlan> {
  const own = ownsTemporal(config, options, env);
  const wishes: PortWish[] = [{ use: 'the API', option: '--port', port: config.api.port }];
  if (own) {
    wishes.push(
      { use: 'Temporal', option: '--temporal-port', port: options.temporalPort ?? OWN_TEMPORAL_PORT },
      { use: "Temporal's web UI", option: '--ui-port', port: options.uiPort ?? OWN_TEMPORAL_UI_PORT },
    );
  }
  const binary = own ? findTemporalBinary(env) : '';
  const [apiPort = 0, port = 0, uiPort = 0] = await choosePorts(config.api.host, wishes);
  const address = own ? `${OWN_TEMPORAL_HOST}:${port}` : config.temporal.address;
  return {
    apiUrl: `http://${config.api.host.includes(':') ? `[${config.api.host}]` : config.api.host}:${apiPort}`,
    temporal: { address, namespace: config.temporal.namespace },
    ownTemporal: own ? { binary, host: OWN_TEMPORAL_HOST, port, uiPort } : null,
    partEnv: {
      ...env,
      ...optionVariables(options),
      TRAINYARD_DATA: config.data,
      TRAINYARD_API_PORT: String(apiPort),
      TEMPORAL_ADDRESS: address,
    },
  };
}

/** A Temporal that somebody named is used; otherwise the server brings its own. */
function ownsTemporal(config: Config, options: UpOptions, env: NodeJS.ProcessEnv): boolean {
  if (options.temporalPort !== undefined || options.uiPort !== undefined) return true;
  return !env['TEMPORAL_ADDRESS'] && config.temporal.address === `${OWN_TEMPORAL_HOST}:${OWN_TEMPORAL_PORT}`;
}

function optionVariables({ data, config, port }: UpOptions): Record<string, string> {
  return {
    ...(data === undefined ? {} : { TRAINYARD_DATA: data }),
    ...(config === undefined ? {} : { TRAINYARD_CONFIG: resolve(config) }),
    ...(port === undefined ? {} : { TRAINYARD_API_PORT: String(port) }),
  };
}
