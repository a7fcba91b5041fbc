import { closeSync } from 'node:fs';
import type { ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';

import { lastLines, openPartLog, partLogSize } from './part-log';
import { ServerStartError } from './server-start-error';

const FIRST_BACKOFF_MS = 200;
const LONGEST_BACKOFF_MS = 5_000;
/** A part that lived this long starts again without the waits of its earlier deaths. */
const SETTLED_AFTER_MS = 10_000;
const SHOWN_LOG_LINES = 8;

/** A process of the server, and how to deal with it. */
export interface PartPlan {
  name: string;
  logFile: string;
  /** Spawns it with `out` as its output, detached, so that Ctrl-C in the terminal reaches only the supervisor, which stops the parts in order. */
  spawn(out: number): ChildProcess;
  /** Resolves when the part does its work; rejects when `signal` is aborted. */
  ready(child: ChildProcess, signal: AbortSignal): Promise<void>;
  readyWithinMs: number;
  /** Asks it to end. */
  requestStop(child: ChildProcess): void;
  /** Between that and SIGKILL. */
  graceMs: number;
}

export interface Part {
  readonly name: string;
  /** Undefined between a death and the next start. */
  pid(): number | undefined;
  /** Resolves when it no longer runs. */
  stop(): Promise<void>;
  /** SIGKILL to it and its children, now and for good. */
  kill(): void;
}

interface Life {
  child: ChildProcess;
  bornAtMs: number;
  logStart: number;
  ended: Promise<string>;
}

/**
 * Starts a part and keeps it alive: one that dies is started again, after 200 ms at first and 5 s at most.
 *
 * @param report takes one line for the person at the terminal.
 * @param asked aborted where nobody waits for the start any more.
 * @throws {ServerStartError} if its first start fails or is broken off; nothing of it runs then.
 */
export async function startPart(plan: PartPlan, report: (line: string) => void, asked: AbortSignal): Promise<Part> {
  let life = launch(plan);
  let stopping = false;
  let backoffMs = FIRST_BACKOFF_MS;
  const pause = new AbortController();

  const isAlive = (): boolean => life.child.exitCode === null && life.child.signalCode === null;
  const forGood = (): void => {
    stopping = true;
    pause.abort();
  };
  const keepAlive = async (): Promise<void> => {
    while (!stopping) {
      const how = await life.ended;
      if (stopping) return;
      killGroup(life.child);
      if (Date.now() - life.bornAtMs >= SETTLED_AFTER_MS) backoffMs = FIRST_BACKOFF_MS;
      report(`The ${plan.name} ended (${how}) and is started again in ${backoffMs / 1000} s; its log: ${plan.logFile}`);
      await delay(backoffMs, undefined, { signal: pause.signal }).catch(() => undefined);
      backoffMs = Math.min(backoffMs * 2, LONGEST_BACKOFF_MS);
      if (!stopping) life = launch(plan);
    }
  };

  await becomesReady(plan, life, asked);
  const kept = keepAlive();
  return {
    name: plan.name,
    pid: () => (isAlive() ? life.child.pid : undefined),
    kill: () => {
      forGood();
      killGroup(life.child);
    },
    stop: async () => {
      forGood();
      if (isAlive()) await endLife(plan, life);
      await kept;
    },
  };
}

function launch(plan: PartPlan): Life {
  const logStart = partLogSize(plan.logFile);
  const out = openPartLog(plan.logFile);
  try {
    const child = plan.spawn(out);
    const ended = new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
    });
    return { child, bornAtMs: Date.now(), logStart, ended };
  } finally {
    closeSync(out);
  }
}

async function becomesReady(plan: PartPlan, life: Life, asked: AbortSignal): Promise<void> {
  const over = new AbortController();
  const giveUp = AbortSignal.any([over.signal, asked]);
  const failure = await Promise.race([
    plan.ready(life.child, giveUp).then(
      () => null,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    ),
    life.ended.then((how) => `it ended (${how})`),
    delay(plan.readyWithinMs, `it was not ready within ${plan.readyWithinMs / 1000} s`, { signal: giveUp }).catch(
      () => 'the stop was asked for',
    ),
  ]);
  over.abort();
  if (failure === null) return;
  const shown = lastLines(plan.logFile, life.logStart, SHOWN_LOG_LINES).map((line) => `\n  | ${line}`);
  killGroup(life.child);
  await life.ended;
  throw new ServerStartError(
    `The ${plan.name} did not start: ${failure}; see ${plan.logFile}${shown.length > 0 ? `, which ends in:${shown.join('')}` : '.'}`,
  );
}

async function endLife(plan: PartPlan, life: Life): Promise<void> {
  const inTime = new AbortController();
  plan.requestStop(life.child);
  const overdue = delay(plan.graceMs, undefined, { signal: inTime.signal }).then(
    () => killGroup(life.child),
    () => undefined,
  );
  await life.ended;
  inTime.abort();
  await overdue;
  killGroup(life.child);
}

/** SIGKILL to the process and what it started; nothing where all of it has gone. */
function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
