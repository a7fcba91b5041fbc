import { gangOfNodeRunId } from '../contract/gang';
import type { HostContainer, HostReport } from '../contract/host';
import type { LeaseStanding } from '../contract/pool-messages';
import { holdsRoom, type LooseRun } from '../policy/pool/loose-run';
import { REPORT_FRESH_MS } from '../policy/placement';
import { askAll } from './ask-all';
import type { RunWitness } from './pool-client';

/** Looks for containers on the hosts of a pool that hold what no lease of the pool covers. */
export interface UnleasedWatch {
  /** Ids of the runs that wait in the pool or hold leases of it, as just told. */
  holdersAre(runIds: Iterable<string>): void;
  /**
   * What such containers there are.
   *
   * @param isThorough asks about every run in doubt. Else one that is new has time until the next report of its host, unless that
   *   was cut off: as a rule it has given its lease back, and the report is from before that.
   */
  look(reports: readonly HostReport[], isThorough: boolean): Promise<Unleased>;
}

export interface Unleased {
  byHost: ReadonlyMap<string, HostContainer[]>;
  /** Of their runs, those that say what lease they hold of the pool. */
  leases: LeaseStanding[];
}

type Witness = Pick<RunWitness, 'holdersOf' | 'leaseOf' | 'standingOf'>;

/** A container whose run is not among the holders. */
interface Loose {
  host: string;
  reportedAt: string;
  container: HostContainer;
  /** The run that would hold the lease: of a node its gang. */
  runId: string;
}

interface Verdict {
  /** Of the report that it was made of. */
  reportedAt: string;
  isUnleased: boolean;
}

/** How many containers may be in doubt, and for how long, is small: most runs are known by the ids of the holders. */
export function createUnleasedWatch(runs: Witness, pool: string): UnleasedWatch {
  let holders = new Set<string>();
  let verdicts = new Map<string, Verdict>();
  const heard = new Map<string, string>();
  /** What is on a host that was cut off may be there since before that, and it is about to take runs. */
  const isBack = ({ host, reportedAt }: Loose): boolean => {
    return Date.parse(reportedAt) - Date.parse(heard.get(host) ?? reportedAt) > REPORT_FRESH_MS;
  };
  const isLoose = ({ container, runId }: Loose): boolean => !holders.has(container.runId) && !holders.has(runId);
  return {
    holdersAre: (runIds) => {
      holders = new Set(runIds);
    },
    look: async (reports, isThorough) => {
      const named = reports.flatMap(containersOf);
      let loose = named.filter(isLoose);
      if (!isThorough && loose.some((each) => !verdicts.has(keyOf(each)))) {
        holders = new Set(await runs.holdersOf(pool));
        loose = named.filter(isLoose);
      }
      const inDoubt = loose.filter((each) => isThorough || isBack(each) || isDue(each, verdicts.get(keyOf(each))));
      for (const { name, reportedAt } of reports) heard.set(name, reportedAt);
      const found = await standingsOf(runs, inDoubt);
      const judged = loose.map((each) => [each, judge(each, found, verdicts.get(keyOf(each)))] as const);
      verdicts = new Map(judged.map(([each, verdict]) => [keyOf(each), verdict]));
      const unleased = judged.filter(([, verdict]) => verdict.isUnleased).map(([each]) => each);
      const byHost = new Map(reports.map(({ name }) => [name, containersOn(name, unleased)]));
      return { byHost, leases: [...found.values()].flatMap((run) => leaseOf(run, pool)) };
    },
  };
}

function containersOf({ name, reportedAt, containers = [] }: HostReport): Loose[] {
  return containers.map((container) => {
    const runId = gangOfNodeRunId(container.runId) ?? container.runId;
    return { host: name, reportedAt, container, runId };
  });
}

/** In an order that does not change with the engine's list. */
function containersOn(name: string, unleased: readonly Loose[]): HostContainer[] {
  const here = unleased.filter(({ host }) => host === name).map(({ container }) => container);
  return here.toSorted((one, other) => (one.runId < other.runId ? -1 : 1));
}

function leaseOf(run: LooseRun, pool: string): LeaseStanding[] {
  if (run.state !== 'live' || run.lease === 'mute' || run.lease === null) return [];
  return run.lease.lease !== null && run.lease.claim.pool === pool ? [run.lease] : [];
}

const keyOf = ({ host, container }: Loose): string => `${host} ${container.runId} ${container.epoch}`;

/** One that holds room is asked about again only in thorough looks: who is mute takes long to ask. */
const isDue = ({ reportedAt }: Loose, known: Verdict | undefined): boolean =>
  known !== undefined && !known.isUnleased && known.reportedAt !== reportedAt;

function judge(
  { reportedAt, runId }: Loose,
  found: ReadonlyMap<string, LooseRun>,
  known: Verdict | undefined,
): Verdict {
  const run = found.get(runId);
  if (run === undefined) return known ?? { reportedAt, isUnleased: false };
  return { reportedAt, isUnleased: holdsRoom(run, Date.parse(reportedAt)) };
}

async function standingsOf(runs: Witness, inDoubt: readonly Loose[]): Promise<Map<string, LooseRun>> {
  const ids = [...new Set(inDoubt.map(({ runId }) => runId))];
  return new Map(await askAll(ids, async (id) => [id, await standingOf(runs, id)] as const));
}

async function standingOf(runs: Witness, runId: string): Promise<LooseRun> {
  const standing = await runs.standingOf(runId);
  if (standing.state !== 'live') return standing;
  // Who does not answer in time may hold its lease as well as who cannot.
  return { state: 'live', lease: await runs.leaseOf(runId).catch(() => 'mute' as const) };
}
