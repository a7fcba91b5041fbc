import type { Fault } from './fault';
import type { RunSpec } from './spec';
import { LARGEST_SIZE, parseSize } from './units';

/** What a schema cannot say of the GPUs and the nodes of a run. Each check is given fields of the right shape. */

const WITHOUT_GPUS = 'has no effect without GPUs; write how many in `resources.gpus`, or leave it out';

export function checkGpus({ gpus, gpuModel, gpuMemory }: RunSpec['resources']): Fault[] {
  const faults: Fault[] = [];
  if (gpus === 0 && gpuModel !== undefined) faults.push({ path: 'resources.gpuModel', message: WITHOUT_GPUS });
  if (gpuMemory === undefined) return faults;
  if (gpus === 0) return [...faults, { path: 'resources.gpuMemory', message: WITHOUT_GPUS }];
  const bytes = parseSize(gpuMemory);
  if (bytes > 0 && bytes <= LARGEST_SIZE) return faults;
  const message = `must be more than 0 and at most 64t; got "${gpuMemory}"; write a size such as "40g"`;
  return [...faults, { path: 'resources.gpuMemory', message }];
}

/** A gang is described already, so that its fields keep their names. */
export function checkNodes(nodes: number): Fault[] {
  if (nodes === 1) return [];
  const message = `must be 1; got ${nodes}: a run of several nodes is not supported yet`;
  return [{ path: 'nodes', message }];
}
