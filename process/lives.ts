import { join } from 'node:path';

import type { ContainerInfo } from '../docker/engine';
import { cgroupFolders, removeCgroup } from './cgroups';
import { killMembers } from './members';
import { isAlive } from './proc';
import { FILES, readWhole, writeFirst } from './process-folder';
import type { ProcessClaim, ProcessEnd, ProcessPlan, ProcessStart } from './process-folder';

/** A local process as its folder tells of it. */
export interface ProcessLife {
  plan: ProcessPlan;
  /** Null until its shim has started it. */
  start: ProcessStart | null;
  /** Null while it may be running. */
  end: ProcessEnd | null;
  hasShim: boolean;
}

const UNKNOWN_EXIT_CODE = 255;

/**
 * What is known of a process; null where there is none. One whose shim was killed, or whose machine was restarted, is dead
 * or is made so here, since nobody can tell any more how it ends; then that is what is known.
 */
export async function lookAt(parent: string, id: string): Promise<ProcessLife | null> {
  const at = (name: keyof typeof FILES): string => join(parent, id, FILES[name]);
  const [plan, claim] = [await readWhole<ProcessPlan>(at('plan')), await readWhole<ProcessClaim>(at('claim'))];
  if (plan === null) return null;
  if (claim === null) return { plan, start: null, end: null, hasShim: false };
  // Before the end is looked for: a shim that has gone by then has written what it had to.
  const hasShim = isAlive(claim.shim);
  const [start, end] = [await readWhole<ProcessStart>(at('start')), await readWhole<ProcessEnd>(at('end'))];
  if (end !== null || hasShim) return { plan, start: start ?? (end && startOf(claim)), end, hasShim };
  if (!(await killMembers(plan.means, id, start?.command ?? null)))
    return { plan, start: start ?? startOf(claim), end, hasShim };
  if (plan.means.cgroups) await removeCgroup(cgroupFolders(plan.means.cgroups, id));
  const lost = lostEnd();
  // Not so where somebody else has looked by now, or the process was removed meanwhile.
  if (!(await writeFirst(at('end'), lost))) return lookAt(parent, id);
  return { plan, start: start ?? startOf(claim), end: lost, hasShim };
}

export function toContainerInfo({ plan, start, end }: ProcessLife): ContainerInfo {
  const { id, name, labels, preamble, network } = plan;
  const common = {
    id,
    name,
    labels,
    imageId: '',
    cpus: null,
    network,
    log: null,
    preamble,
    startedAt: start === null ? null : nanoseconds(start.startedAt),
  };
  if (end === null) {
    const status = start === null ? 'created' : 'running';
    return { ...common, status, exitCode: 0, oomKilled: false, error: '', finishedAt: null };
  }
  const { exitCode, oomKilled, error, isLost, finishedAt } = end;
  const status = isLost ? 'dead' : 'exited';
  return { ...common, status, exitCode, oomKilled, error, finishedAt: nanoseconds(finishedAt) };
}

/** One whose start failed was never started; for people it was when that was tried. */
function startOf({ claimedAt }: ProcessClaim): ProcessStart {
  return { command: null, startedAt: claimedAt };
}

function lostEnd(): ProcessEnd {
  return {
    exitCode: UNKNOWN_EXIT_CODE,
    oomKilled: false,
    error: 'the process that kept the log and waited for the end was killed, or the machine was restarted',
    isLost: true,
    finishedAt: new Date().toISOString(),
  };
}

/** As an engine writes times. */
function nanoseconds(instant: string): string {
  return instant.replace('Z', '000000Z');
}
