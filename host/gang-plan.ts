import type { Config } from '../config/config';
import { nodeAlias, type GangPlace } from '../contract/gang';
import { GANG_ENV, LABELS } from '../contract/names';
import type { ContainerPlan, NetworkPlan } from '../docker/engine';
import { NetworkRefusedError } from './network-refused-error';

/** Environment by which the container of a node finds the others. */
export function gangEnv(place: GangPlace): Record<string, string> {
  const { rank, worldSize, masterAddress, masterPort } = place;
  const values = { rank, worldSize, masterAddress, masterPort };
  const entries = Object.entries(values) as [keyof typeof GANG_ENV, string | number][];
  return Object.fromEntries(entries.flatMap(([key, value]) => GANG_ENV[key].map((name) => [name, String(value)])));
}

/**
 * The network of a node.
 *
 * @throws {NetworkRefusedError}
 */
export function gangNetwork(
  { network, rank }: GangPlace,
  host: Pick<Config['host'], 'networks' | 'address'>,
): Pick<ContainerPlan, 'network' | 'networkAlias'> {
  if (network.kind === 'host') {
    if (host.address !== '') return { network: 'host' };
    throw new NetworkRefusedError(
      'the nodes of a gang on several hosts use the network of their hosts, which this one does not allow; set host.address of its worker',
    );
  }
  if (network.kind === 'named' && !host.networks.includes(network.name)) {
    throw new NetworkRefusedError(
      `the network "${network.name}" is not allowed on this host; add it to host.networks of the server`,
    );
  }
  return { network: network.name, networkAlias: nodeAlias(rank) };
}

/** The network that the nodes of a gang on one engine share; null where it is none of ours. */
export function planGangNetwork(
  { of, network }: GangPlace,
  { installation }: Pick<Config['host'], 'installation'>,
): NetworkPlan | null {
  if (network.kind !== 'bridge') return null;
  const labels = { [LABELS.installation]: installation, [LABELS.run]: of };
  return { name: network.name, labels, internal: network.internal };
}
