import type { Fault } from './fault';
import type { RunSpec } from './spec';
import { LARGEST_SIZE, parseSize } from './units';

/** What a schema cannot say of the GPUs of a run. The check is given fields of the right shape. */

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
