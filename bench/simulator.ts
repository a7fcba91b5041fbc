import { packWithKnowledge } from './helpers/clairvoyant';
import { circumstances, report, rounded } from './helpers/report';
import { makeLoad } from './helpers/simulated-load';
import { simulate } from './helpers/simulation';
import { createFigures } from './helpers/simulation-figures';

/**
 * A day's work of a large pool through the core that real pools have: 1,000 hosts of 8 GPUs, 100,000 runs. Every lease is
 * checked against an account of its own, and every run has to end.
 */
const GOALS = { behindBoundPercent: 5, decisionsPerSecond: 5_000 };

/** @param args numbers of hosts and of runs, and the seed of the load; default 1,000, 100,000 and 1. */
export async function main([hosts = '1000', runs = '100000', seed = '1']: string[]): Promise<void> {
  const before = circumstances();
  const load = makeLoad({ hosts: Number(hosts), runs: Number(runs), pressure: 1.5, seed: Number(seed) });
  const bound = createFigures(load);
  packWithKnowledge(load, bound);
  const figures = createFigures(load);
  const counters = simulate(load, figures);
  const behindBoundPercent = rounded(100 * (1 - figures.utilisation() / bound.utilisation()), 2);
  const decisions = counters.claims + counters.grants - counters.grantsAtOnce + counters.preemptions;
  const decisionsPerSecond = Math.round(decisions / (counters.cpuMs / 1_000));
  report('simulator', {
    goals: `utilisation within ${GOALS.behindBoundPercent} % of the bound, and >= ${GOALS.decisionsPerSecond} decisions a second on one CPU`,
    reached: {
      utilisation: behindBoundPercent <= GOALS.behindBoundPercent,
      decisions: decisionsPerSecond >= GOALS.decisionsPerSecond,
    },
    invariants: Object.fromEntries(
      Object.entries(counters.invariants).map(([name, checks]) => [name, { held: true, checks }]),
    ),
    load: { hosts: load.hosts.length, runs: load.runs.length, hostLosses: load.losses.length, seed: Number(seed) },
    ...figures.result(counters),
    boundPercent: bound.utilisation(),
    behindBoundPercent,
    decisions: {
      perSecondOfCpu: decisionsPerSecond,
      perSecondOfTime: Math.round(decisions / (counters.coreMs / 1_000)),
      claimsAnswered: counters.claims,
      leasesGrantedLater: counters.grants - counters.grantsAtOnce,
      runsAskedToGiveWay: counters.preemptions,
    },
    circumstances: { before, after: circumstances() },
  });
}
