import type { HostContainer } from '../contract/host';
import { LABELS } from '../contract/names';
import { timeLimit } from '../contract/time-limit';
import type { ContainerSummary, Engine } from '../docker/engine';
import { readAmounts } from './container-amounts';
import { isProcess, formLabel, ownContainers, readIdentity } from './own-containers';

/** Tells which containers of runs are on this host, each time it is asked. */
export interface ContainerCensus {
  /** As of now; of an engine that does not answer, as of when it did: they may go on. Null where it never has. */
  take(): Promise<HostContainer[] | null>;
}

export interface CensusDeps {
  engine: Pick<Engine, 'listContainers'>;
  config: { host: { name: string; installation: string } };
}

/** The report of a host waits for it; one that comes late takes the host for silent. */
const PATIENCE_MS = 2_000;

/** An engine that was killed over a start may have forgotten it, so one that was only made counts as well. */
const HOLDING = ['created', 'running', 'paused', 'restarting'];

export function createContainerCensus({ engine, config: { host } }: CensusDeps): ContainerCensus {
  let known: ContainerSummary[] | null = null;
  const list = async (form: Record<string, string>): Promise<ContainerSummary[]> => {
    const labels = { [LABELS.host]: host.name, ...form };
    const found = await ownContainers(engine, host, labels, timeLimit(PATIENCE_MS));
    return found.filter(({ state }) => HOLDING.includes(state));
  };
  return {
    take: async () => {
      const all = await list({}).catch(() => null);
      // Processes need no engine, and are there above all while it is away.
      const processes = all === null ? await list(formLabel({ asProcess: true })).catch(() => null) : null;
      if (all !== null) known = all;
      else if (known !== null && processes !== null)
        known = [...known.filter((each) => !isProcess(each)), ...processes];
      return known?.map(toHostContainer) ?? null;
    },
  };
}

function toHostContainer({ labels }: ContainerSummary): HostContainer {
  const { runId, attempt, epoch } = readIdentity(labels);
  return { runId, attempt, epoch, ...readAmounts(labels) };
}
