import type { LeaseRequest, PoolHostFacts } from '../../contract/pool';

/** Hosts and runs that a simulated pool gets: the same for the same seed. */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const GIB = 1024 ** 3;

export interface LoadOptions {
  hosts: number;
  runs: number;
  /** GPU time that is asked for while runs are submitted, as a share of what all hosts have. */
  pressure: number;
  seed: number;
}

export interface SimulatedRun {
  id: string;
  submitMs: number;
  /** How long it really runs, which only the simulation knows. */
  lengthMs: number;
  request: LeaseRequest;
}

export interface SimulatedLoss {
  host: string;
  atMs: number;
  backMs: number;
}

export interface Load {
  hosts: PoolHostFacts[];
  runs: SimulatedRun[];
  losses: SimulatedLoss[];
  /** When the last run is submitted. */
  lastSubmitMs: number;
}

/** Projects, their weights, and their shares of the runs: each asks for more than its weight gives it. */
export const PROJECTS = [
  { name: 'vision', weight: 4, part: 0.37 },
  { name: 'speech', weight: 2, part: 0.2 },
  { name: 'language', weight: 2, part: 0.18 },
  { name: 'robots', weight: 1, part: 0.13 },
  { name: 'climate', weight: 1, part: 0.12 },
] as const;

/** Time between failures of one host: about two months. */
const HOST_LIFE_MS = 1_500 * HOUR;

const LIMITS_MS = [0.5, 1, 2, 4, 8, 12, 24, 48, 96, 192].map((hours) => hours * HOUR);

export function makeLoad({ hosts: count, runs: total, pressure, seed }: LoadOptions): Load {
  const random = randomFrom(seed);
  const hosts = Array.from({ length: count }, (_, index) => hostNumber(index));
  const runs = Array.from({ length: total }, (_, index) => runNumber(index, random));
  const asked = runs.reduce((sum, { lengthMs, request }) => sum + lengthMs * request.gpus * request.nodes, 0);
  const lastSubmitMs = asked / (count * 8) / pressure;
  runs.forEach((run) => {
    run.submitMs = random() * lastSubmitMs;
    run.request.submittedAt = new Date(run.submitMs).toISOString();
  });
  runs.sort((one, other) => one.submitMs - other.submitMs);
  return { hosts, runs, losses: lossesOf(hosts, lastSubmitMs, random), lastSubmitMs };
}

/** Three of four hosts have H100s, the others A100s. */
function hostNumber(index: number): PoolHostFacts {
  const name = `host-${String(index).padStart(4, '0')}`;
  const isLarge = index % 4 !== 3;
  const model = isLarge ? 'NVIDIA H100 80GB HBM3' : 'NVIDIA A100-SXM4-40GB';
  const gpus = Array.from({ length: 8 }, (_, at) => ({
    id: `GPU-${name}-${at}`,
    index: at,
    model,
    memoryBytes: (isLarge ? 80 : 40) * GIB,
    mig: false,
    trouble: null,
    detail: null,
  }));
  return {
    name,
    cpus: 128,
    memoryBytes: 1024 * GIB,
    labels: {},
    address: name,
    gpus,
    contact: 'ok',
    refuses: null,
    processesSince: null,
  };
}

/** Many short runs and a few very long ones (log-normal, median 1 h); many small and a few gangs. */
function runNumber(index: number, random: () => number): SimulatedRun {
  const lengthMs = Math.min(7 * 24 * HOUR, Math.max(MINUTE, HOUR * Math.exp(1.4 * normal(random))));
  const { gpus, nodes } = sizeFrom(random());
  const project = pick(PROJECTS, random(), ({ part }) => part).name;
  const needMs = lengthMs * (1 + 2 * random());
  const priority = pick(
    [
      { value: 30, part: 0.1 },
      { value: 50, part: 0.8 },
      { value: 80, part: 0.1 },
    ],
    random(),
    (each) => each.part,
  ).value;
  return {
    id: `run-${String(index).padStart(6, '0')}`,
    submitMs: 0,
    lengthMs,
    request: {
      project,
      owner: `${project}-${Math.floor(random() * 10)}`,
      priority,
      preemptible: priority < 80 && random() < 0.25,
      nodes,
      cpus: gpus === 0 ? 1 + Math.floor(random() * 8) : gpus * 8,
      memoryBytes: Math.max(1, gpus) * 64 * GIB,
      gpus,
      gpuModel: gpus > 0 && random() < 0.3 ? 'H100' : null,
      gpuMemoryBytes: 0,
      host: null,
      hostLabels: {},
      avoid: [],
      hasCommand: true,
      limitMs: LIMITS_MS.find((limitMs) => limitMs >= needMs) ?? 504 * HOUR,
      submittedAt: '',
    },
  };
}

function sizeFrom(chance: number): { gpus: number; nodes: number } {
  const sizes = [
    { gpus: 0, nodes: 1, part: 0.15 },
    { gpus: 1, nodes: 1, part: 0.45 },
    { gpus: 2, nodes: 1, part: 0.15 },
    { gpus: 4, nodes: 1, part: 0.13 },
    { gpus: 8, nodes: 1, part: 0.09 },
    { gpus: 8, nodes: 2, part: 0.02 },
    { gpus: 8, nodes: 4, part: 0.01 },
  ];
  return pick(sizes, chance, ({ part }) => part);
}

function lossesOf(hosts: readonly PoolHostFacts[], untilMs: number, random: () => number): SimulatedLoss[] {
  const count = Math.round((hosts.length * untilMs) / HOST_LIFE_MS);
  return Array.from({ length: count }, () => {
    const atMs = random() * untilMs;
    const host = hosts[Math.floor(random() * hosts.length)]!.name;
    return { host, atMs, backMs: atMs + HOUR + random() * 6 * HOUR };
  });
}

function pick<T>(items: readonly T[], chance: number, part: (item: T) => number): T {
  let left = chance;
  for (const item of items) {
    left -= part(item);
    if (left < 0) return item;
  }
  return items.at(-1)!;
}

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Numbers from 0 to 1 that are the same for the same seed: Marsaglia's xorshift, "Xorshift RNGs" (2003). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
