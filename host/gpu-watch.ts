import { setTimeout as sleep } from 'node:timers/promises';

import type { Logger } from 'pino';

import type { Config } from '../config/config';
import { parseHostGpus } from '../config/host-lists';
import type { Gpu } from '../contract/gpu';
import { quarantineAfter, type Quarantine } from '../policy/gpu-quarantine';
import type { FoundGpu } from './gpu-inventory';
import { findTrouble, type FoundTrouble, type TroubleDeps } from './gpu-trouble';

/** The GPUs of this host, as the last look at them found them. */
export interface GpuWatch {
  /** Resolves when they were looked at for the first time; after some seconds in any case, as a driver may hang. */
  asked: Promise<void>;
  /** As they were seen last. */
  list(): Gpu[];
  /** What is wrong with the driver as a whole, a sentence; null where nothing is. */
  flag(): string | null;
  /** Looks at them now, or joins the look that is under way. */
  look(): Promise<void>;
  stop(): Promise<void>;
}

export interface GpuWatchDeps extends TroubleDeps {
  config: { host: Pick<Config['host'], 'name' | 'installation' | 'gpus'> };
  log: Logger;
  /** Default: 30 s. */
  everyMs?: number;
}

const LOOK_EVERY_MS = 30_000;
const FIRST_WITHIN_MS = 5_000;

interface State {
  gpus: FoundGpu[];
  quarantines: Map<string, Quarantine>;
  flag: string | null;
}

/** Looks at the GPUs of the host at once and then every 30 s, beside everything else: whoever wants to know reads the last look. */
export function startGpuWatch(deps: GpuWatchDeps): GpuWatch {
  const stopping = new AbortController();
  const state: State = { gpus: given(deps.config.host.gpus) ?? [], quarantines: new Map(), flag: null };
  let looking: Promise<void> | null = null;
  const look = (): Promise<void> =>
    (looking ??= lookOnce(deps, state).finally(() => {
      looking = null;
    }));
  const first = look();
  const running = first.then(async () => {
    while (!stopping.signal.aborted) {
      const pause = sleep(deps.everyMs ?? LOOK_EVERY_MS, undefined, { signal: stopping.signal, ref: false });
      await pause.catch(() => undefined);
      if (!stopping.signal.aborted) await look();
    }
  });
  return {
    asked: Promise.race([first, sleep(FIRST_WITHIN_MS, undefined, { ref: false })]),
    list: () => state.gpus.map((gpu) => describe(gpu, state.quarantines.get(gpu.id))),
    flag: () => state.flag,
    look,
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

async function lookOnce(deps: GpuWatchDeps, state: State): Promise<void> {
  const before = state.flag;
  state.flag = await list(deps, state);
  if (state.flag !== before && state.flag !== null) deps.log.warn({ detail: state.flag }, 'The GPU driver has trouble');
  const found = await findTrouble(deps, state.gpus);
  for (const gpu of state.gpus) judge(deps, state, gpu, found);
  for (const id of state.quarantines.keys()) if (!state.gpus.some((gpu) => gpu.id === id)) state.quarantines.delete(id);
}

/** Brings the list up to date; returns what is wrong with the driver. */
async function list({ inventory, config }: GpuWatchDeps, state: State): Promise<string | null> {
  if (given(config.host.gpus) !== null) return null;
  try {
    const { gpus, problem } = await inventory.list();
    // Where the driver complains, what it does not list any more is there and cannot be used.
    const lost = problem === null ? [] : state.gpus.filter(({ id }) => !gpus.some((gpu) => gpu.id === id));
    const complaint = `it is not listed any more, and the driver says: ${problem}`;
    state.gpus = [...gpus, ...lost.map((gpu) => ({ ...gpu, problem: complaint }))];
    return problem === null ? null : `The GPU driver says: ${problem}. Look at it with nvidia-smi.`;
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    state.gpus = state.gpus.map((gpu) => ({ ...gpu, problem: `the driver does not tell of it: ${problem}` }));
    return `The GPU driver does not tell which GPUs there are: ${problem}. Look at it with nvidia-smi.`;
  }
}

function judge({ log }: GpuWatchDeps, state: State, gpu: FoundGpu, trouble: FoundTrouble): void {
  const before = state.quarantines.get(gpu.id);
  const unhealthy = gpu.problem === null ? null : { trouble: 'unhealthy' as const, detail: sentence(gpu.problem) };
  const found = unhealthy ?? trouble.get(gpu.id);
  // Nobody could look: what was known stays.
  if (found === undefined) return;
  const after = quarantineAfter(before, found);
  if (after === undefined) state.quarantines.delete(gpu.id);
  else state.quarantines.set(gpu.id, after);
  if (before === undefined && after !== undefined) {
    log.warn({ gpu: gpu.id, trouble: after.trouble, detail: after.detail }, 'A GPU is not given to runs for now');
  } else if (before !== undefined && after === undefined) log.info({ gpu: gpu.id }, 'A GPU is given to runs again');
}

function describe({ id, index, model, memoryBytes, mig }: FoundGpu, quarantine: Quarantine | undefined): Gpu {
  const { trouble = null, detail = null } = quarantine ?? {};
  return { id, index, model, memoryBytes, mig, trouble, detail };
}

/** Those of the settings; null where the driver is to be asked. */
function given(items: readonly string[]): FoundGpu[] | null {
  return parseHostGpus(items)?.map((gpu) => ({ ...gpu, parent: gpu.id, problem: null })) ?? null;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
