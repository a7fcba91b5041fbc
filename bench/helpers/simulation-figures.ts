import { median, rounded } from './report';
import type { Counters, Progress, Watcher } from './simulated-pool';
import { PROJECTS, type Load } from './simulated-load';

/** Measures a simulation between two instants, in which more is asked for than there is. */
export interface Figures extends Watcher {
  /** Share of the GPUs that were there, in percent, that were held. */
  utilisation(): number;
  result(counters: Counters): object;
}

export function createFigures({ lastSubmitMs }: Pick<Load, 'lastSubmitMs'>): Figures {
  const fromMs = lastSubmitMs * 0.2;
  const untilMs = lastSubmitMs;
  const within = (oneMs: number, otherMs: number): number =>
    Math.max(0, Math.min(otherMs, untilMs) - Math.max(oneMs, fromMs));
  const waits = new Map<number, number[]>();
  const used = new Map<string, number>();
  let busy = 0;
  let there = 0;
  let last = { atMs: 0, held: 0, gpus: 0 };
  const utilisation = (): number => rounded((100 * busy) / there, 2);
  return {
    gpus(atMs, held, gpus) {
      busy += last.held * within(last.atMs, atMs);
      there += last.gpus * within(last.atMs, atMs);
      last = { atMs, held, gpus };
    },
    started({ run, firstStartMs }, atMs) {
      if (firstStartMs !== null) return;
      const { priority } = run.request;
      const known = waits.get(priority) ?? [];
      known.push(atMs - run.submitMs);
      waits.set(priority, known);
    },
    released({ run }: Progress, sinceMs, atMs) {
      const { project, gpus, nodes } = run.request;
      used.set(project, (used.get(project) ?? 0) + gpus * nodes * within(sinceMs, atMs));
    },
    utilisation,
    result: (counters) => ({
      utilisationPercent: utilisation(),
      waitMinutes: waitsOf(waits),
      fairness: { jain: rounded(jain(used), 4), shareOfWeight: sharesOf(used) },
      ...pick(counters, ['preemptions', 'grants', 'mostQueued', 'mostRefused']),
      simulatedHours: rounded(counters.endedMs / 3_600_000),
    }),
  };
}

function pick<K extends keyof Counters>(counters: Counters, names: readonly K[]): object {
  return Object.fromEntries(names.map((name) => [name, counters[name]]));
}

function waitsOf(waits: ReadonlyMap<number, readonly number[]>): object {
  const byPriority = [...waits].toSorted(([one], [other]) => other - one);
  return Object.fromEntries(byPriority.map(([priority, values]) => [`priority ${priority}`, waitOf(values)]));
}

function waitOf(values: readonly number[]): object {
  const sorted = values.toSorted((one, other) => one - other);
  const minutes = (ms: number): number => rounded(ms / 60_000);
  return {
    runs: values.length,
    median: minutes(median(values)),
    p95: minutes(sorted[Math.floor(sorted.length * 0.95)]!),
    longest: minutes(sorted.at(-1)!),
  };
}

/** Jain, Chiu and Hawe, "A Quantitative Measure of Fairness" (1984), of what projects used for each unit of their weight. */
function jain(used: ReadonlyMap<string, number>): number {
  const shares = PROJECTS.map(({ name, weight }) => (used.get(name) ?? 0) / weight);
  const sum = shares.reduce((total, share) => total + share, 0);
  return sum ** 2 / (shares.length * shares.reduce((total, share) => total + share ** 2, 0));
}

function sharesOf(used: ReadonlyMap<string, number>): object {
  const all = [...used.values()].reduce((sum, share) => sum + share, 0);
  const weights = PROJECTS.reduce((sum, { weight }) => sum + weight, 0);
  return Object.fromEntries(
    PROJECTS.map(({ name, weight }) => [name, rounded((used.get(name) ?? 0) / all / (weight / weights), 3)]),
  );
}
