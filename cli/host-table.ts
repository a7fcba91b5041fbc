import type { HostDetail } from '../contract/pool-http';
import type { HostState } from '../contract/pool';
import { color, labelled, relativeTime, rounded, size, table } from './format';
import { tableOfUnleased } from './unleased-table';

const COLOR_OF_STATE: Record<HostState, number> = { ready: 32, cordoned: 33, draining: 33, unreachable: 33, lost: 31 };

/** The table of `trainyard hosts`. */
export function tableOfHosts(hosts: readonly HostDetail[], colors: boolean): string[] {
  return table(
    ['NAME', 'POOL', 'STATE', 'ENGINE', 'CPUS', 'MEMORY', 'GPUS', 'DISK', 'RUNS', 'FLAGS'],
    hosts.map((host) => [
      host.name,
      host.pool,
      color(host.state, COLOR_OF_STATE[host.state], colors),
      host.engineReady ? (host.engineVersion ?? 'ready') : 'AWAY',
      usedOf(number(host.used?.cpus), number(host.cpus)),
      usedOf(bytes(host.used?.memoryBytes), bytes(host.memoryBytes)),
      gpusOf(host),
      fullestDisk(host),
      String(host.runs.length),
      flagsOf(host),
    ]),
  );
}

/** Such as `2/8`; only what it has, where nobody can say what is given out. */
function usedOf(used: string | null, all: string | null): string {
  if (all === null) return '-';
  return used === null ? all : `${used}/${all}`;
}

const number = (value: number | null | undefined): string | null => (value == null ? null : rounded(value));
const bytes = (value: number | null | undefined): string | null => (value == null ? null : size(value));

function gpusOf({ gpus, used }: HostDetail): string {
  if (gpus.length === 0) return '-';
  const sick = gpus.filter(({ trouble }) => trouble !== null).length;
  const all = usedOf(used === null ? null : String(used.gpus.length), String(gpus.length));
  return sick === 0 ? all : `${all} (${sick} in trouble)`;
}

function fullestDisk({ disks, diskFreeBytes, diskTotalBytes }: HostDetail): string {
  const percents = disks.map(({ usedPercent }) => usedPercent);
  if (percents.length > 0) return `${Math.max(...percents)} %`;
  if (diskFreeBytes === null || diskTotalBytes === null || diskTotalBytes === 0) return '-';
  return `${Math.round(100 * (1 - diskFreeBytes / diskTotalBytes))} %`;
}

/** The whole sentences are for `trainyard hosts show`. */
function flagsOf({ refuses, flags, unleased }: HostDetail): string {
  const refusal = refuses[0] === undefined ? [] : [refuses[0]];
  const left = unleased.length === 0 ? [] : [`${unleased.length} without a lease`];
  return [...refusal, ...left, ...(flags.length === 0 ? [] : [`${flags.length} to mend`])].join(', ');
}

/** All that is known of a host, for `trainyard hosts show`. */
export function describeHost(host: HostDetail, nowMs: number, colors: boolean): string[] {
  const heading = (text: string): string[] => ['', color(text, 1, colors)];
  return [
    ...factsOf(host, nowMs, colors),
    ...(host.gpus.length === 0 ? [] : [...heading('GPUs'), ...tableOfGpus(host)]),
    ...(host.disks.length === 0 ? [] : [...heading('Disks'), ...tableOfDisks(host)]),
    ...(host.flags.length === 0 ? [] : [...heading('To mend'), ...host.flags]),
    ...(host.runs.length === 0 ? [] : [...heading('Runs'), ...host.runs]),
    ...(host.unleased.length === 0
      ? []
      : [...heading('Containers without a lease'), ...tableOfUnleased(host.unleased)]),
  ];
}

function factsOf(host: HostDetail, nowMs: number, colors: boolean): string[] {
  const labels = Object.entries(host.labels).map(([name, value]) => `${name}=${value}`);
  const engine = [host.engineVersion, host.apiVersion === null ? null : `API ${host.apiVersion}`];
  return labelled([
    ['name', host.name],
    ['pool', host.pool],
    ['state', color(host.state, COLOR_OF_STATE[host.state], colors)],
    ['refuses', host.refuses.map((why) => `it ${why}`).join('; ')],
    ['reported', `${host.reportedAt} (${relativeTime(host.reportedAt, nowMs)})`],
    ['engine', engine.filter((part) => part !== null).join(', ')],
    ['problem', host.engineProblem],
    ['system', [host.operatingSystem, host.kernel].filter((part) => part !== null).join(', ')],
    [
      'fallback',
      host.fallback === 'process' ? 'local processes, while its engine stays away, if its pool allows them' : null,
    ],
    ['labels', labels.join(' ')],
    ['CPUs', withFree(number(host.cpus), number(host.free?.cpus))],
    ['memory', withFree(bytes(host.memoryBytes), bytes(host.free?.memoryBytes))],
  ]);
}

function withFree(all: string | null, free: string | null): string | null {
  return all === null || free === null ? all : `${all}, ${free} free`;
}

function tableOfGpus({ gpus, used }: HostDetail): string[] {
  return table(
    ['#', 'ID', 'MODEL', 'MEMORY', 'STATE'],
    gpus.map(({ index, id, model, memoryBytes, mig, trouble, detail }) => [
      String(index),
      id,
      mig ? `${model} (MIG)` : model,
      size(memoryBytes),
      trouble === null ? gpuState(used?.gpus.includes(id)) : `${trouble}: ${detail ?? ''}`,
    ]),
  );
}

function gpuState(isUsed: boolean | undefined): string {
  if (isUsed === undefined) return '-';
  return isUsed ? 'used' : 'free';
}

function tableOfDisks({ disks }: HostDetail): string[] {
  return table(
    ['FOR', 'PATH', 'FULL', 'FREE'],
    disks.map(({ use, path, usedPercent, freeBytes }) => [use, path, `${usedPercent} %`, size(freeBytes)]),
  );
}
