import { counted } from '../../contract/counted';
import type { Explanation, LeaseRequest, WaitCause } from '../../contract/pool';
import { formatSize } from '../../contract/units';
import type { Host } from './host';

/** How a pool puts things to people. */

/** Such as `2 GPUs of H100 with 80 GiB, 4 CPUs and 16 GiB of memory`. */
export function amountsOf(request: LeaseRequest): string {
  const { nodes, cpus, memoryBytes, gpus } = request;
  const gpuText = gpus > 0 ? [gpusText(gpus, request)] : [];
  const each = listed([...gpuText, counted(cpus, 'CPU'), `${formatSize(memoryBytes)} of memory`]);
  return nodes > 1 ? `${nodes} times ${each}` : each;
}

export function gpusText(
  gpus: number,
  { gpuModel, gpuMemoryBytes }: Pick<LeaseRequest, 'gpuModel' | 'gpuMemoryBytes'>,
): string {
  const model = gpuModel === null ? '' : ` of ${gpuModel}`;
  const memory = gpuMemoryBytes > 0 ? ` with at least ${formatSize(gpuMemoryBytes)}` : '';
  return `${counted(gpus, 'GPU')}${model}${memory}`;
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(parts: readonly string[]): string {
  if (parts.length < 2) return parts.join('');
  return `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;
}

/** The first three, and how many more there are. */
export function listedBriefly(parts: readonly string[]): string {
  return parts.length <= 4 ? listed(parts) : `${parts.slice(0, 3).join(', ')} and ${parts.length - 3} more`;
}

/** What a host has: `8 CPUs, 64 GiB of memory and 4 GPUs (NVIDIA H100 80GB HBM3)`. */
export function hostText({ cpus, memory, facts }: Host): string {
  const models = [...new Set(facts.gpus.map(({ model }) => model))].toSorted();
  const gpus = facts.gpus.length > 0 ? [`${counted(facts.gpus.length, 'GPU')} (${models.join(', ')})`] : ['no GPU'];
  return listed([counted(cpus / 1_000, 'CPU'), `${formatSize(memory)} of memory`, ...gpus]);
}

/** `14:20 UTC`, with the day where it is another one than now. */
export function clockText(atMs: number, nowMs: number): string {
  const [day, time] = new Date(atMs).toISOString().split('T') as [string, string];
  const today = new Date(nowMs).toISOString().slice(0, 10);
  return `${day === today ? '' : `${day} `}${time.slice(0, 5)} UTC`;
}

/** Why a run waits, without what only its queue knows. */
export type Why = Pick<Explanation, 'cause' | 'waitsFor' | 'freedBy'>;

export const reason = (cause: WaitCause, waitsFor: string, freedBy: string): Why => ({ cause, waitsFor, freedBy });
