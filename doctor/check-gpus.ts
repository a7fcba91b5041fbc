import { existsSync } from 'node:fs';
import { join } from 'node:path';

import type { Config } from '../config/config';
import { parseHostGpus } from '../config/host-lists';
import type { GpuInventory } from '../host/gpu-inventory';
import { type Finding, messageOf, ok, warn } from './finding';

/** Any of these lets an engine give GPUs to containers; it looks for the first when it starts. */
const TOOLS = ['nvidia-container-runtime-hook', 'nvidia-container-toolkit', 'nvidia-ctk'];

export interface GpuPlace {
  host: Pick<Config['host'], 'gpus' | 'gpuRuntime' | 'dockerHost'>;
  inventory: GpuInventory;
  /** `PATH` of this machine. */
  path: string;
}

/** Whether the GPUs of this machine can be given to containers; nothing where there are none. */
export async function checkGpus({ host, inventory, path }: GpuPlace): Promise<Finding[]> {
  const what = 'GPUs';
  try {
    const given = parseHostGpus(host.gpus);
    const listing = given === null ? await inventory.list() : { gpus: given, problem: null };
    if (listing.problem !== null)
      return [warn(what, `The driver says: ${listing.problem}.`, 'Look at it with nvidia-smi.')];
    if (listing.gpus.length === 0) return [];
    const finding = `${listing.gpus.length}, of them the first: ${listing.gpus[0]!.model}.`;
    return [ok(what, finding), ...checkRuntime(host, path)];
  } catch (error) {
    return [
      warn(what, `The driver does not tell which there are: ${messageOf(error)}.`, 'Look at it with nvidia-smi.'),
    ];
  }
}

function checkRuntime({ gpuRuntime, dockerHost }: GpuPlace['host'], path: string): Finding[] {
  if (gpuRuntime === 'none' || !dockerHost.startsWith('unix:')) return [];
  const folders = path.split(':').filter((folder) => folder !== '');
  const isThere = TOOLS.some((tool) => folders.some((folder) => existsSync(join(folder, tool))));
  if (isThere) return [ok('GPU runtime', 'The NVIDIA Container Toolkit is installed.')];
  const mend = 'Install the NVIDIA Container Toolkit and restart the engine, or set host.gpuRuntime to none.';
  return [warn('GPU runtime', 'The NVIDIA Container Toolkit is not found: no container can be given a GPU.', mend)];
}
