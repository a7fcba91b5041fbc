import { isIP } from 'node:net';
import { isAbsolute, normalize } from 'node:path';

import type { Fault } from '../contract/fault';
import { networkRefusal } from '../contract/validate-meaning';
import { describeValue } from '../contract/describe-value';
import { parseRetention } from '../contract/units';
import type { Config } from './config';
import { checkHostGpus, checkHostLabels } from './host-lists';
import { isLoopback } from './loopback';

/** What the schema cannot say of the settings. */
export function checkSettings(config: Config): Fault[] {
  return [
    ...checkAddresses(config),
    ...checkRetention(config.logs),
    ...config.notify.allowedPrivate.flatMap((rule, index) => checkAddressRule(rule, `notify.allowedPrivate[${index}]`)),
    ...config.host.mountRoots.flatMap((root, index) => checkMountRoot(root, `host.mountRoots[${index}]`)),
    ...config.host.networks.flatMap((network, index) => checkNetwork(network, `host.networks[${index}]`)),
    ...checkHostLabels(config.host.labels),
    ...checkHostGpus(config.host.gpus),
    ...checkDisk(config.host.disk),
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

const HOST_NAME = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,62})([.][a-z0-9_][a-z0-9_-]{0,62})*$/i;

/** Rules of addresses are those that notify/addresses understands. */
function checkAddressRule(rule: string, path: string): Fault[] {
  const [address = '', prefix, more] = rule.split('/');
  const family = isIP(address);
  const isNetwork = /^\d{1,3}$/.test(prefix ?? '0') && Number(prefix ?? 0) <= (family === 6 ? 128 : 32);
  if (more === undefined && family !== 0 && isNetwork) return [];
  // What is all figures is meant to be an address.
  if (prefix === undefined && family === 0 && HOST_NAME.test(rule) && !/^[\d.]+$/.test(rule)) return [];
  const mend = 'write an address such as "10.1.2.3", a network such as "10.1.0.0/16", or a host name';
  return [{ path, message: `is no address, network or host name; got ${describeValue(rule)}; ${mend}` }];
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

function checkDisk({ refuseAt, cleanAt }: Config['host']['disk']): Fault[] {
  if (cleanAt <= refuseAt) return [];
  const message = `must not be more than host.disk.refuseAt (${refuseAt}); got ${cleanAt}; images are to go before starts are refused`;
  return [{ path: 'host.disk.cleanAt', message }];
}
