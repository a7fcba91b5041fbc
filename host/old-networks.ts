import type { Config } from '../config/config';
import { LABELS } from '../contract/names';
import type { Engine } from '../docker/engine';
import type { RunStanding } from '../policy/reconcile';

export interface OldNetworksDeps {
  engine: Pick<Engine, 'listNetworks' | 'removeNetwork'>;
  config: { host: Pick<Config['host'], 'installation'> };
  standingOf: (runId: string) => Promise<RunStanding>;
}

/** Removes the networks of gangs that have ended without doing so. One that a container still uses waits for the next time. */
export async function removeOldNetworks({ engine, config, standingOf }: OldNetworksDeps): Promise<void> {
  for (const { id, labels } of await engine.listNetworks({ [LABELS.installation]: config.host.installation })) {
    const { state } = await standingOf(labels[LABELS.run] ?? '');
    if (state !== 'live') await engine.removeNetwork(id);
  }
}
