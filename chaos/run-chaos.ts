import { createHash } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { LABELS } from '../contract/names';
import { check, type Verdict } from './check/check';
import type { Facts } from './check/facts';
import { type Asker, createAsker } from './clients/ask';
import { createWorkload, type Workload } from './clients/workload';
import { collectFacts } from './collect/collect';
import { type EngineLogs, keepEngineLogs } from './collect/engine-logs';
import { type Installation, startInstallation } from './installation/installation';
import type { ChaosOptions } from './options';
import { planBlows } from './plan/blows';
import { planRuns } from './plan/runs';
import { seededRandom } from './random';
import { strike, type StrikeReport } from './strike';

export interface ChaosRun extends ChaosOptions {
  /** Image with Python, on the engine of the environment. */
  image: string;
  /** A new folder for all that this makes; never removed here. */
  folder: string;
  env: NodeJS.ProcessEnv;
  tell: (line: string) => void;
  /** Aborted where somebody wants it to end now; then nothing is judged. */
  stopped: AbortSignal;
}

export interface ChaosResult {
  verdict: Verdict;
  facts: Facts;
  strikes: StrikeReport;
  seconds: number;
}

/** A run that has not ended when for so long none has is one that never will. */
const NO_END_WITHIN_MS = 240_000;

/**
 * Brings up a Trainyard of its own, keeps runs alive in it, hurts it as the seed says, waits for the runs to end, and judges.
 * Everything is stopped and removed again, except the folder.
 */
export async function runChaos(run: ChaosRun): Promise<ChaosResult> {
  const { folder, tell } = run;
  const startedAt = Date.now();
  const scene = await bringUp(run);
  const { installation, workload, engineLogs } = scene;
  try {
    tell(`The API is at ${installation.apiUrl}, its parts' logs in ${join(folder, 'logs')}.`);
    const strikes = await liveThrough(run, scene);
    await untilAllEnded(workload, tell);
    await letFollowersEnd(workload);
    await untilNothingIsLeft(scene);
    const facts = await gather(scene, strikes);
    writeFileSync(join(folder, 'facts.json'), JSON.stringify(facts, null, 1));
    return { verdict: check(facts), facts, strikes, seconds: Math.round((Date.now() - startedAt) / 1000) };
  } finally {
    for (const { follower } of workload.submitted) follower?.stop();
    engineLogs.stop();
    await installation.stop();
  }
}

/** All that is there before the first blow. */
interface Scene {
  /** Name of the engine and of the installation, and label of the runs. */
  name: string;
  installation: Installation;
  engineLogs: EngineLogs;
  asker: Asker;
  workload: Workload;
  complaints: string[];
  /** Aborted by whoever wants it to end, and by {@link Scene.giveUp}. */
  stopped: AbortSignal;
  giveUp(): void;
}

async function bringUp(run: ChaosRun): Promise<Scene> {
  const { folder, image, env, seed } = run;
  const givingUp = new AbortController();
  const stopped = AbortSignal.any([run.stopped, givingUp.signal]);
  // Every question that a client asks listens to it while it waits.
  setMaxListeners(0, stopped);
  const truthRoot = join(folder, 'truth');
  mkdirSync(truthRoot);
  chmodSync(folder, 0o755);
  const name = `chaos-${createHash('sha256').update(`${seed}-${process.pid}`).digest('hex').slice(0, 8)}`;
  const place = { folder, name, images: [image], mountRoot: truthRoot, env, asked: run.stopped };
  const installation = await startInstallation(place);
  const { apiUrl, engine } = installation;
  const complaints: string[] = [];
  const complain = (sentence: string): void => void complaints.push(sentence);
  const asker = createAsker(apiUrl, complain, stopped);
  const workload = createWorkload({
    ...{ apiUrl, asker, complain, label: name, image, truthRoot, live: run.live },
    plans: planRuns(seededRandom(seed).fork('runs'), run.longestSeconds),
  });
  const engineLogs = keepEngineLogs(engine.containersFolder);
  return { name, installation, engineLogs, asker, workload, complaints, stopped, giveUp: () => givingUp.abort() };
}

/** All rounds, under runs that are kept alive until the last blow has fallen. */
async function liveThrough(run: ChaosRun, { installation, workload, stopped, giveUp }: Scene): Promise<StrikeReport> {
  const none = { api: 0, control: 0, host: 0, temporal: 0, engine: 0 };
  const report: StrikeReport = { killed: { ...none }, frozen: { ...none }, engineFreezes: [], engineDeaths: [] };
  const ending = new AbortController();
  const alive = workload.keepAlive(AbortSignal.any([ending.signal, stopped]));
  const hurting = (async () => {
    const rounds = planBlows(seededRandom(run.seed).fork('blows'), run);
    for (const [index, blows] of rounds.entries()) {
      const tell = (blow: string): void => run.tell(`round ${index + 1}/${rounds.length}: ${blow}`);
      await strike(installation, blows, report, tell, stopped);
    }
    ending.abort();
  })();
  try {
    await Promise.all([alive, hurting]);
    stopped.throwIfAborted();
    return report;
  } catch (error) {
    giveUp();
    // What is stopped next must not be started again by a blow that is still falling.
    await Promise.allSettled([alive, hurting]);
    throw error;
  }
}

/** Returns as well when nothing ends any more: the check will say what is wrong with those that are left. */
async function untilAllEnded(workload: Workload, tell: (line: string) => void): Promise<void> {
  let left = Infinity;
  let changedAt = Date.now();
  for (;;) {
    const unfinished = await workload.unfinished();
    if (unfinished.length === 0) return;
    if (unfinished.length !== left) {
      tell(`${workload.submitted.length} runs were submitted, ${unfinished.length} have not ended yet`);
      changedAt = Date.now();
    } else if (Date.now() - changedAt > NO_END_WITHIN_MS) {
      tell(`None of the last ${left} runs has ended for ${NO_END_WITHIN_MS / 1000} s.`);
      return;
    }
    left = unfinished.length;
    await sleep(1_000);
  }
}

/** Every run has ended, so the readers are about to be told; one that is not is told to stop, and judged. */
async function letFollowersEnd({ submitted }: Workload): Promise<void> {
  const followers = submitted.flatMap(({ follower }) => follower ?? []);
  const overdue = setTimeout(() => followers.forEach((follower) => follower.stop()), FOLLOWERS_END_WITHIN_MS);
  await Promise.all(followers.map(({ ended }) => ended));
  clearTimeout(overdue);
}

const FOLLOWERS_END_WITHIN_MS = 60_000;

/**
 * A run may end while its host is away; what it has there is removed by the host's own reconciler, which looks every minute.
 * Returns as well when that does not happen: what is left will be judged.
 */
async function untilNothingIsLeft({ installation, name }: Scene): Promise<void> {
  const deadline = Date.now() + NOTHING_LEFT_WITHIN_MS;
  while (Date.now() < deadline) {
    if ((await installation.engine.containersOf(`${LABELS.installation}=${name}`)).length === 0) return;
    await sleep(1_000);
  }
}

const NOTHING_LEFT_WITHIN_MS = 180_000;

/** The facts; once more after a while as long as a workflow is still on its last step. */
async function gather(scene: Scene, { engineDeaths }: StrikeReport): Promise<Facts> {
  const { installation, name, asker, workload, engineLogs, complaints } = scene;
  const { submitted } = workload;
  for (let again = 0; ; again += 1) {
    const facts = await collectFacts({ installation, name, asker, submitted, engine: engineLogs.notes() });
    const isClosing = facts.runs.some(({ workflow }) => workflow === 'RUNNING');
    if (!isClosing || again === LOOKS_AT_CLOSING) return { ...facts, engineDeaths, complaints };
    await sleep(1_000);
  }
}

/** The read model tells of an end a moment before the workflow itself has closed. */
const LOOKS_AT_CLOSING = 30;
