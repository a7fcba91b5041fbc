import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

import { hostTaskQueue } from '../contract/names';
import { dataFolderName } from '../store/data-folder';
import type { Poller } from './temporal-link';

/** Thrown where another host of that name is at work. */
export class HostNameTakenError extends Error {
  override readonly name = 'HostNameTakenError';
}

/**
 * Which host a worker is of, as told apart by machine and data folder: it stays the same when the worker is killed and started
 * again. Two hosts of one name would take each other's tasks.
 */
export interface HostInstance {
  /** What Temporal shows of a worker of the host: process, machine and instance. */
  identity: string;
  /** Whether a worker of that identity is of another host. */
  isForeign(identity: string): boolean;
}

/** A worker asks for tasks at least once a minute. */
const POLLS_WITHIN_MS = 75_000;
const INSTANCE = /\binstance=([0-9a-f]{16})\b/;
const PLACE = /^(\d+)@.* place=([0-9a-f]{16})\b/;

export interface HostPlace {
  /** Stays the same when the machine is started again. */
  machine: string;
  /** Where numbers of processes mean the same: a kernel since its start, and a namespace of it. */
  processes: string;
}

export function hostInstance(data: string, { machine, processes } = placeOfThis()): HostInstance {
  const own = hash(machine, dataFolderName(data));
  const place = hash(processes);
  return {
    identity: `${process.pid}@${hostname()} instance=${own} place=${place}`,
    isForeign: (identity) => {
      const [, other] = INSTANCE.exec(identity) ?? [];
      if (other === undefined || other === own) return false;
      // Temporal still names a worker that has ended; of one that ran beside this one it is known for certain.
      const [, pid, there] = PLACE.exec(identity) ?? [];
      return there !== place || isAlive(Number(pid));
    },
  };
}

/** Workers of other hosts that have asked for the tasks of this one just now. */
export function foreignPollers(pollers: readonly Poller[], { isForeign }: HostInstance, nowMs: number): Poller[] {
  return pollers.filter(({ identity, askedAtMs }) => isForeign(identity) && nowMs - askedAtMs <= POLLS_WITHIN_MS);
}

/** @throws {HostNameTakenError} where another host of the name is at work. */
export async function claimHostName(
  name: string,
  instance: HostInstance,
  pollersOf: (taskQueue: string) => Promise<Poller[]>,
): Promise<void> {
  const [other] = foreignPollers(await pollersOf(hostTaskQueue(name)), instance, Date.now());
  if (other === undefined) return;
  const agoS = Math.max(0, Math.round((Date.now() - other.askedAtMs) / 1000));
  throw new HostNameTakenError(
    `another host has the name "${name}": its worker (${describePoller(other)}) asked for tasks ${agoS} s ago; ` +
      'give this host a name of its own with host.name (TRAINYARD_HOST_NAME), ' +
      `or stop that worker and start this one ${POLLS_WITHIN_MS / 1000} s later`,
  );
}

/** Process and machine, such as `4711@node-7`. */
export function describePoller({ identity }: Poller): string {
  return identity.replace(/ .*$/, '');
}

function hash(...parts: string[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 16);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // It is there, and of somebody else.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** A container has no id of a machine; then it is that of the kernel since its start. */
function placeOfThis(): HostPlace {
  const boot = orEmpty(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')) || hostname();
  const machine = orEmpty(() => readFileSync('/etc/machine-id', 'utf8')) || boot;
  return { machine, processes: `${boot} ${orEmpty(() => readlinkSync('/proc/self/ns/pid'))}` };
}

function orEmpty(read: () => string): string {
  try {
    return read().trim();
  } catch {
    // Not every system has it.
    return '';
  }
}
