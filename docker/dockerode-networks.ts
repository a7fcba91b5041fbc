import { expecting, type Connection } from './dockerode-connection';
import { NameTakenError } from './errors';
import type { NetworkEngine, NetworkRemoval } from './network-engine';

/** Bridge networks of our own; an engine has no other kind that containers of one machine need. */
export function networkCalls({ docker, call }: Connection): NetworkEngine {
  const list: NetworkEngine['listNetworks'] = async (labels) => {
    const label = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
    const listed = await call('other', () => docker.listNetworks({ filters: { label } }));
    return listed.map(({ Id, Name, Labels }) => ({ id: Id, name: Name, labels: Labels ?? {} }));
  };
  return {
    listNetworks: list,
    ensureNetwork: async ({ name, labels, internal }) => {
      const options = { Name: name, Driver: 'bridge', CheckDuplicate: true, Internal: internal, Labels: labels };
      const created: unknown = await call('other', () => expecting([409], docker.createNetwork(options)));
      if (created !== 409) return;
      const ours = await list(labels);
      if (!ours.some((network) => network.name === name)) {
        throw new NameTakenError(`the name ${name} is taken by a network that has other labels`);
      }
    },
    removeNetwork: async (id): Promise<NetworkRemoval> => {
      const removed: unknown = await call('other', () => expecting([403, 404, 409], docker.getNetwork(id).remove()));
      if (removed === 404) return 'absent';
      return removed === 403 || removed === 409 ? 'in-use' : 'removed';
    },
  };
}
