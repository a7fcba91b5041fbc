import type { Engine, NetworkEngine } from '../docker/engine';
import { cgroupUsage } from './cgroups';
import { createContext } from './context';
import { createPlanned, listPlanned } from './create';
import { toContainerInfo } from './lives';
import { examineMachine, type Machine } from './machine';
import { membersOf } from './members';
import { readLogs } from './read-logs';
import { removeProcess, signalProcess, startProcess, waitForEnd } from './run';
import type { ShimProgram } from './spawn-shim';

type ImageCalls = 'findImage' | 'pullImage' | 'listImages' | 'removeImage';

/** The calls of an engine that are about containers, for local processes. */
export type ProcessEngine = Omit<Engine, 'info' | 'recall' | ImageCalls | keyof NetworkEngine>;

export interface ProcessEngineOptions {
  /** Where the folders of the processes lie; one worker at a time uses it. */
  folder: string;
  shim: ShimProgram;
  /** Default: what this machine is. */
  machine?: Machine;
}

/**
 * Runs commands as local processes where an engine would run containers, with the same promises: what is created and started
 * twice runs once; a worker that dies takes nothing with it; and what was printed can be read again from any time on. All
 * state lies in files, and each process has a parent of its own (process/shim) that outlives this one.
 */
export function createProcessEngine({ machine = examineMachine(), ...options }: ProcessEngineOptions): ProcessEngine {
  const context = createContext({ ...options, machine });
  return {
    createContainer: createPlanned(context),
    startContainer: (id) => startProcess(context, id),
    inspectContainer: async (id) => {
      const life = await context.look(id);
      return life && toContainerInfo(life);
    },
    waitContainer: (id, signal) => waitForEnd(context, id, signal),
    usage: async (id) => {
      const life = await context.look(id);
      const { cgroups } = life?.plan.means ?? { cgroups: null };
      return life?.end?.usage ?? (cgroups && cgroupUsage(cgroups, id));
    },
    containerPids: async (id) => {
      const life = await context.look(id);
      return life === null || life.end !== null ? [] : membersOf(life.plan.means, id, life.start?.command ?? null);
    },
    signalContainer: (id, signal) => signalProcess(context, id, signal),
    filesOf: async () => null,
    // Whoever brakes a container fears that its engine throws lines away. The log of a process keeps them all.
    limitCpus: async () => false,
    pauseContainer: async () => false,
    unpauseContainer: async () => false,
    removeContainer: (id) => removeProcess(context, id),
    listContainers: (labels) => listPlanned(context, labels),
    readLogs: (id, reading) => readLogs(context, id, reading),
    close: () => undefined,
  };
}
