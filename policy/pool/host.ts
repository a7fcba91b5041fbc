import type { Gpu } from '../../contract/gpu';
import type { HostContainer } from '../../contract/host';
import type { HostIntent, HostState, PoolHostFacts } from '../../contract/pool';
import type { Held, HostEntry } from './state';

/** A host with what is given out of it. CPUs are whole thousandths, so that sums are exact in any order. */
export interface Host {
  readonly name: string;
  /** Place among the hosts of its pool. */
  index: number;
  facts: PoolHostFacts;
  intent: HostIntent;
  gone: boolean;
  /** Thousandths of a CPU that may be given out, with overcommit. */
  cpus: number;
  memory: number;
  /** The same for hosts that have the same, without GPUs in trouble. */
  kind: string;
  /** Its GPUs by model and memory, those in trouble included. */
  makes: readonly GpuMake[];
  /** GPUs without trouble by id, in the order in which they are given out: the smallest first. */
  usable: ReadonlyMap<string, Gpu>;
  usedCpus: number;
  usedMemory: number;
  /** Of `facts.unleased`, those whose run holds no lease here; counted in `usedCpus` and `usedMemory`. */
  unleased: readonly HostContainer[];
  /** Neither given out, nor held without a lease, nor in trouble, in the same order. */
  freeGpus: readonly Gpu[];
  /** By run. */
  held: Map<string, Held>;
  /** See `releasesOf` in policy/pool/releases; null where somebody has to look. */
  releases: Release[] | null;
}

/** GPUs that are alike. */
export interface GpuMake {
  readonly gpu: Gpu;
  readonly count: number;
}

/** What the end of a lease makes free on a host. */
export interface Release {
  readonly held: Held;
  cpus: number;
  memory: number;
  readonly gpus: Gpu[];
  readonly untilMs: number;
}

export const thousandths = (cpus: number): number => Math.round(cpus * 1000);

export function createHost({ facts, intent, gone }: HostEntry, cpuOvercommit: number): Host {
  const host = {
    name: facts.name,
    index: 0,
    intent,
    gone,
    usedCpus: 0,
    usedMemory: 0,
    unleased: [],
    freeGpus: [],
    held: new Map<string, Held>(),
    releases: null,
  };
  return { ...host, ...measured(facts, cpuOvercommit) };
}

/** What follows of its facts and of the settings of the pool. */
export function measured(
  facts: PoolHostFacts,
  cpuOvercommit: number,
): Pick<Host, 'facts' | 'kind' | 'cpus' | 'memory' | 'makes' | 'usable'> {
  const usable = facts.gpus
    .filter(({ trouble }) => trouble === null)
    .toSorted(
      (one, other) => one.memoryBytes - other.memoryBytes || one.index - other.index || before(one.id, other.id),
    );
  const cpus = Math.floor(thousandths(facts.cpus) * Math.max(1, cpuOvercommit));
  return {
    facts,
    cpus,
    memory: facts.memoryBytes,
    kind: JSON.stringify([
      facts.cpus,
      facts.memoryBytes,
      usable.map(({ model, memoryBytes }) => [model, memoryBytes]),
      facts.unleased,
    ]),
    makes: makesOf(facts.gpus),
    usable: new Map(usable.map((gpu) => [gpu.id, gpu])),
  };
}

function makesOf(gpus: readonly Gpu[]): GpuMake[] {
  const makes = new Map<string, GpuMake>();
  for (const gpu of gpus) {
    const key = `${gpu.memoryBytes} ${gpu.model}`;
    makes.set(key, { gpu, count: (makes.get(key)?.count ?? 0) + 1 });
  }
  return [...makes.values()];
}

/** Compares texts the same way everywhere, whatever the language of the machine. */
export function before(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

export function stateOf({ facts, intent }: Pick<HostEntry, 'facts' | 'intent'>): HostState {
  if (facts.contact !== 'ok') return facts.contact;
  return intent === 'none' ? 'ready' : intent;
}

/** Whether it takes containers now. */
export const isReady = (host: Host): boolean => stateOf(host) === 'ready' && host.facts.refuses === null;

/** Whether its engine is away, and commands may run on it as local processes. */
export const takesProcesses = (host: Host): boolean => stateOf(host) === 'ready' && host.facts.processesSince !== null;

/** Silent for a moment, and no operator wants it to be left alone: it may be back any time. */
export const isExpected = (host: Host): boolean => host.facts.contact === 'unreachable' && host.intent === 'none';
