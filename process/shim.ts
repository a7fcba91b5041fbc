import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { constants } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

import { CONTAINER } from '../contract/names';
import { cgroupFolders, cgroupUsage, makeCgroup, removeCgroup } from './cgroups';
import { launchCommand, LAUNCH_FD } from './launch';
import { openLogWriter, type LogWriter } from './log-writer';
import { killMembers, MARK } from './members';
import { createPieceCutter } from './pieces';
import { identify } from './proc';
import { FILES, readWhole, writeFirst, writeWhole } from './process-folder';
import type { ProcessClaim, ProcessEnd, ProcessPlan, ProcessStart } from './process-folder';
import { untilRoom } from './until-room';

/** How long a stream may stay open after all that we know of is dead: somebody who got away still holds it. */
const STREAM_END_WITHIN_MS = 5000;

/** As shells and engines say it: more than this is the number of a signal. */
const SIGNAL_BASE = 128;
const LAUNCH_FAILED = 125;

type Ended = Pick<ProcessEnd, 'exitCode' | 'oomKilled' | 'error' | 'usage'>;

/**
 * Runs the command of a local process to its end, and keeps its log. It is the parent of the command, so it alone gets to
 * know how that ended; it is no child of a worker's life, so it goes on when that is over.
 *
 * Of several shims for one process the first runs it, and the others do nothing: a start that is repeated starts nothing
 * twice.
 *
 * @throws where it cannot do its part any more, such as for a log on a broken disk. Its process is lost then, and whoever
 *   looks at it next ends it (process/lives).
 */
export async function runShim(folder: string): Promise<void> {
  const plan = await readWhole<ProcessPlan>(join(folder, FILES.plan));
  const shim = identify(process.pid);
  if (plan === null || shim === null) return;
  const claim: ProcessClaim = { shim, claimedAt: new Date().toISOString() };
  if (!(await writeFirst(join(folder, FILES.claim), claim))) return;

  const log = await openLogWriter(join(folder, FILES.log));
  const ended = await runCommand(folder, plan, log);
  await log.close();
  if (plan.means.cgroups) await removeCgroup(cgroupFolders(plan.means.cgroups, plan.id));
  const end: ProcessEnd = { ...ended, isLost: false, finishedAt: new Date().toISOString() };
  await untilRoom(() => writeWhole(join(folder, FILES.end), end));
}

async function runCommand(folder: string, plan: ProcessPlan, log: LogWriter): Promise<Ended> {
  const { cgroups } = plan.means;
  const startedAt = new Date().toISOString();
  const child = await launch(folder, plan).catch((error: Error) => error);
  if (child instanceof Error) return failed(child.message);
  if (child.pid === undefined) return failed('there is no /bin/sh that can be run');
  const command = identify(child.pid);
  const exit = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  const launched = readAll(child.stdio[LAUNCH_FD] as Readable);
  const logged = Promise.all([keepLog(child.stdout!, 'stdout', log), keepLog(child.stderr!, 'stderr', log)]);
  // Without its log the command must not go on; and nobody reads any more what it prints.
  logged.catch(() => killMembers(plan.means, plan.id, command));
  const start: ProcessStart = { command, startedAt };
  await untilRoom(() => writeWhole(join(folder, FILES.start), start));

  const [code, signal] = await exit;
  // As with the first process of a container: when it ends, all of it does, and not before is it said to have ended.
  while (!(await killMembers(plan.means, plan.id, command)));
  await endStreams(child, logged);
  const launchText = (await launched).trim();
  if (launchText !== 'ok' && signal === null) return failed(launchText);
  const exitCode = code ?? SIGNAL_BASE + constants.signals[signal!];
  const usage = cgroups && (await cgroupUsage(cgroups, plan.id));
  const oomKilled = (usage?.oomKills ?? 0) > 0;
  return { exitCode, oomKilled, error: '', ...(usage && { usage }) };
}

async function launch(folder: string, plan: ProcessPlan): Promise<ChildProcess> {
  const { cgroups, hasIp } = plan.means;
  const binds = await Promise.all(
    plan.binds.map(async (bind) => ({ ...bind, isFolder: (await stat(bind.source)).isDirectory() })),
  );
  const hasArtifacts = binds.some(({ target }) => target === CONTAINER.artifactsFolder);
  const { file, args } = launchCommand({
    plan,
    binds,
    root: join(folder, FILES.root),
    workingFolder: hasArtifacts ? CONTAINER.artifactsFolder : '/',
    cgroup: cgroups === null ? [] : makeCgroup(cgroups, plan.id, plan),
    hasIp,
    mark: { name: MARK, value: plan.id },
  });
  // A session of its own, so that a signal to all of it reaches nobody else.
  const child = spawn(file, args, { cwd: '/', detached: true, stdio: ['ignore', 'pipe', 'pipe', 'pipe'] });
  child.on('error', () => {
    // One that could not be started has no pid; the caller sees that.
  });
  return child;
}

/** Asks the stream for more only when what came is written, so a disk that is slow slows the command. */
async function keepLog(stream: Readable, name: 'stdout' | 'stderr', log: LogWriter): Promise<void> {
  const cutter = createPieceCutter(name);
  try {
    for await (const chunk of stream) await log.append(cutter.push(chunk as Buffer));
  } finally {
    await log.append(cutter.flush());
  }
}

async function endStreams(child: ChildProcess, logged: Promise<unknown>): Promise<void> {
  const patience = new AbortController();
  const settled = logged.finally(() => patience.abort());
  await sleep(STREAM_END_WITHIN_MS, undefined, { signal: patience.signal }).catch(() => undefined);
  if (!patience.signal.aborted) for (const stream of child.stdio) stream?.destroy();
  await settled.catch((error: unknown) => {
    // To be cut off is what was done to it here; anything else is trouble with the log.
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  });
}

async function readAll(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of stream) chunks.push(chunk as Buffer);
  } catch {
    // Cut off with the other streams: what it said by then is what there is.
  }
  return Buffer.concat(chunks).toString('utf8');
}

function failed(why: string): Ended {
  return { exitCode: LAUNCH_FAILED, oomKilled: false, error: `the local process could not be run: ${why}` };
}
