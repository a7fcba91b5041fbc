import { LABELS, PROCESS_FORM } from '../contract/names';
import type { Engine } from '../docker/engine';
import type { ProcessEngine } from './process-engine';
import { isProcessId } from './process-folder';

/**
 * One engine out of an engine for containers and one for local processes. Plans say what they are for, and ids tell it
 * afterwards. A list asks both, so it fails while the engine for containers is away; one by the label of local processes asks
 * for these alone.
 */
export function withProcesses(containers: Engine, processes: ProcessEngine): Engine {
  const of = (id: string): ProcessEngine => (isProcessId(id) ? processes : containers);
  return {
    info: () => containers.info(),
    recall: (id) => containers.recall(id),
    findImage: (reference) => containers.findImage(reference),
    pullImage: (reference, options) => containers.pullImage(reference, options),
    listImages: () => containers.listImages(),
    removeImage: (name) => containers.removeImage(name),
    createContainer: (plan) => (plan.asProcess === undefined ? containers : processes).createContainer(plan),
    startContainer: (id) => of(id).startContainer(id),
    inspectContainer: (id) => of(id).inspectContainer(id),
    waitContainer: (id, signal) => of(id).waitContainer(id, signal),
    usage: (id) => of(id).usage(id),
    filesOf: (id) => of(id).filesOf(id),
    containerPids: (id) => of(id).containerPids(id),
    signalContainer: (id, signal) => of(id).signalContainer(id, signal),
    limitCpus: (id, cpus) => of(id).limitCpus(id, cpus),
    pauseContainer: (id) => of(id).pauseContainer(id),
    unpauseContainer: (id) => of(id).unpauseContainer(id),
    removeContainer: (id) => of(id).removeContainer(id),
    listContainers: async (labels, signal) => {
      const found = await processes.listContainers(labels);
      if (labels[LABELS.form] === PROCESS_FORM) return found;
      return [...(await containers.listContainers(labels, signal)), ...found];
    },
    ensureNetwork: (plan) => containers.ensureNetwork(plan),
    listNetworks: (labels) => containers.listNetworks(labels),
    removeNetwork: (id) => containers.removeNetwork(id),
    readLogs: (id, options) => of(id).readLogs(id, options),
    close: () => {
      containers.close();
      processes.close();
    },
  };
}
