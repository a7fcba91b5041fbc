import { isAbsolute, normalize } from 'node:path';

import type { Fault } from '../contract/fault';
import { networkRefusal } from '../contract/validate-meaning';
import { describeValue } from '../contract/describe-value';
import { parseRetention } from '../contract/units';
import type { Config } from './config';
import { isLoopback } from './loopback';

/** What the schema cannot say of the settings. */
export function checkSettings(config: Config): Fault[] {
  return [
    ...checkAddresses(config),
    ...checkRetention(config.logs),
    ...config.host.mountRoots.flatMap((root, index) => checkMountRoot(root, `host.mountRoots[${index}]`)),
    ...config.host.networks.flatMap((network, index) => checkNetwork(network, `host.networks[${index}]`)),
  ];
}

function checkAddresses({ api, temporal }: Config): Fault[] {
  const faults: Fault[] = [];
  if (!isLoopback(api.host) && !api.allowRemote) {
    const message = `must be a loopback address such as 127.0.0.1, because there are no tokens yet; got ${describeValue(api.host)}; where something else keeps strangers out, set api.allowRemote (TRAINYARD_API_ALLOW_REMOTE=true)`;
    faults.push({ path: 'api.host', message });
  }
  if (!/^[^\s/]+:\d{1,5}$/.test(temporal.address)) {
    const message = `must be a host and a port; got ${describeValue(temporal.address)}; write one such as "127.0.0.1:7233"`;
    faults.push({ path: 'temporal.address', message });
  }
  return faults;
}

function checkRetention({ retention }: Config['logs']): Fault[] {
  if (parseRetention(retention) > 0) return [];
  const message = `must be more than 0; got ${describeValue(retention)}; write a duration such as "30d", or "forever"`;
  return [{ path: 'logs.retention', message }];
}

function checkMountRoot(root: string, path: string): Fault[] {
  if (!isAbsolute(root)) {
    return [{ path, message: `must be an absolute path; got ${describeValue(root)}; write one such as "/data"` }];
  }
  if (normalize(root) !== '/') return [];
  return [{ path, message: 'must not be /, which would give every run the whole host; write a folder of data' }];
}

function checkNetwork(network: string, path: string): Fault[] {
  const refusal = networkRefusal(network);
  if (refusal !== undefined) return [{ path, message: refusal }];
  if (!['none', 'egress'].includes(network)) return [];
  return [{ path, message: `has ${describeValue(network)}, which every run may ask for; leave it out` }];
}
