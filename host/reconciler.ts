import { setTimeout as sleep } from 'node:timers/promises';

import type { Logger } from 'pino';

import type { Config } from '../config/config';
import type { HostReport } from '../contract/host';
import { LABELS } from '../contract/names';
import { timeLimit } from '../contract/time-limit';
import type { Engine } from '../docker/engine';
import { judgeContainer, type ContainerVerdict, type RunStanding } from '../policy/reconcile';
import { formLabel, LIST_PATIENCE_MS, ownContainers, readIdentity } from './own-containers';
import type { Pumps } from './pumps';
import { removeOldNetworks } from './old-networks';
import { removeOrphan, removeStale, type Unwanted } from './remove-unwanted';
import { settlesWithin } from './settles-within';

export interface ReconcilerDeps {
  engine: Engine;
  pumps: Pumps;
  config: Pick<Config, 'data' | 'host'>;
  log: Logger;
  /** Asks Temporal how a run stands. Rejects while Temporal is away: then nothing can be judged. */
  standingOf: (runId: string) => Promise<RunStanding>;
  /** Told when {@link Reconciler.reconciled} has changed by a pass. */
  onChange?: () => void;
}

export interface Reconciler {
  /**
   * Resolves when no stale container is left after the first pass, or when nothing can be said of them because the engine
   * or Temporal is away; a log that takes long to be stored is not waited for.
   */
  first: Promise<void>;
  /**
   * How much of what is here was held against Temporal since the host was last cut off, with nothing stale left of it:
   * what a pool must know before it grants a lease.
   */
  reconciled(): Reconciled;
  /** The host may have been cut off, so its leases may be revoked: nothing counts as reconciled until the next pass, now. */
  onCutOff(): void;
  stop(): Promise<void>;
}

type Reconciled = HostReport['reconciled'];

const EVERY_MS = 60_000;
/** After a pass that failed: what was away may be back any moment, and stale containers go first then. */
const AGAIN_MS = 2_000;
/** How long a pass waits for the logs of stale containers, which are dead by then, to be stored. */
const STALE_LOG_MS = 20_000;

interface State {
  /** When each container was first found without a live workflow, by its id. */
  orphans: Map<string, number>;
  /** Removals under way, by the id of the container. */
  removals: Map<string, Promise<boolean>>;
  reconciled: Reconciled;
  /** How often the host may have been cut off; a pass that began before the last time proves nothing. */
  cutOffs: number;
  /** Ends the pause between two passes. */
  wake: AbortController;
  signal: AbortSignal;
}

/**
 * Holds the containers of this host against Temporal, at the start and then every minute: one whose lease was revoked is
 * killed and removed at once; one without a live workflow is, after a grace, asked to end and removed. Each time the log is
 * stored first.
 *
 * INVARIANTS
 * 1. A container is touched only on Temporal's word. While that is away, nothing is.
 * 2. Only containers of this installation and this host are looked at.
 */
export function startReconciler(deps: ReconcilerDeps): Reconciler {
  const stopping = new AbortController();
  const { signal } = stopping;
  const state: State = { ...NOTHING_YET, orphans: new Map(), removals: new Map(), wake: new AbortController(), signal };
  const pass = createPass(deps, state);
  const first = pass();
  const running = first.then(async (went) => {
    let wentWell = went;
    while (!signal.aborted) {
      const either = AbortSignal.any([signal, state.wake.signal]);
      await sleep(wentWell ? EVERY_MS : AGAIN_MS, undefined, { signal: either, ref: false }).catch(() => undefined);
      state.wake = new AbortController();
      if (!signal.aborted) wentWell = await pass();
    }
    await Promise.all(state.removals.values());
  });

  return {
    first: first.then(() => undefined),
    reconciled: () => state.reconciled,
    onCutOff: () => {
      state.cutOffs += 1;
      state.reconciled = 'nothing';
      state.wake.abort();
    },
    stop: async () => {
      stopping.abort(new Error('the worker of the host is stopping'));
      await running;
    },
  };
}

const NOTHING_YET = { reconciled: 'nothing', cutOffs: 0 } as const;

/** One pass each time it is called; false where something is left to be done. Trouble is logged once until it is over. */
function createPass(deps: ReconcilerDeps, state: State): () => Promise<boolean> {
  let failing = false;
  return async () => {
    const { cutOffs } = state;
    const reached: { value: Reconciled } = { value: 'nothing' };
    try {
      await reconcile(deps, state, reached);
      failing = false;
    } catch (error) {
      if (!failing && !state.signal.aborted) {
        deps.log.warn({ err: error }, 'The containers of this host cannot be held against Temporal; trying again');
      }
      failing = true;
    }
    const before = state.reconciled;
    state.reconciled = cutOffs === state.cutOffs ? reached.value : 'nothing';
    if (state.reconciled !== before) deps.onChange?.();
    return state.reconciled === 'all';
  };
}

/** Local processes first: they are there, and may be stale, while the Docker Engine is away, too. */
async function reconcile(deps: ReconcilerDeps, state: State, reached: { value: Reconciled }): Promise<void> {
  const processesLeft = await actOn(deps, state, await judgeAll(deps, state.orphans, formLabel({ asProcess: true })));
  if (processesLeft === 0) reached.value = 'processes';
  const found = await judgeAll(deps, state.orphans, {});
  for (const id of state.orphans.keys()) {
    if (!found.some(({ target }) => target.containerId === id)) state.orphans.delete(id);
  }
  const left = await actOn(deps, state, found);
  await removeOldNetworks(deps);
  if (left === 0) reached.value = 'all';
}

/** @returns how many stale containers are left. */
async function actOn(deps: ReconcilerDeps, state: State, found: readonly Judged[]): Promise<number> {
  const doing = (act: string): Unwanted[] => found.filter((each) => each.act === act).map(({ target }) => target);
  let left = 0;
  const stale = doing('remove-stale').map(async (target) => {
    left += 1;
    if (await removeOnce(deps, state, target, removeStale)) left -= 1;
  });
  for (const target of doing('remove-orphan')) void removeOnce(deps, state, target, removeOrphan);
  await settlesWithin(Promise.all(stale), STALE_LOG_MS, state.signal);
  await deps.pumps.late.merge();
  return left;
}

type Remove = (deps: ReconcilerDeps, target: Unwanted, signal: AbortSignal) => Promise<void>;

/** One removal of a container at a time. One that fails is logged and false; the next pass finds the container again. */
function removeOnce(deps: ReconcilerDeps, state: State, target: Unwanted, remove: Remove): Promise<boolean> {
  const { containerId } = target;
  const removal =
    state.removals.get(containerId) ??
    remove(deps, target, state.signal)
      .then(() => true)
      .catch((error: unknown) => {
        if (!state.signal.aborted) deps.log.warn({ ...target, err: error }, 'A container cannot be removed yet');
        return false;
      })
      .finally(() => state.removals.delete(containerId));
  state.removals.set(containerId, removal);
  return removal;
}

type Judged = ContainerVerdict & { target: Unwanted };

/**
 * @param orphans when each container was first found without a live workflow, by its id.
 * @param form labels that the containers have beside that of the host.
 */
async function judgeAll(
  { engine, config, standingOf }: ReconcilerDeps,
  orphans: Map<string, number>,
  form: Record<string, string>,
): Promise<Judged[]> {
  const labels = { [LABELS.host]: config.host.name, ...form };
  const containers = await ownContainers(engine, config.host, labels, timeLimit(LIST_PATIENCE_MS));
  const identities = containers.map(({ id, labels }) => ({ ...readIdentity(labels), containerId: id }));
  const standings = new Map<string, RunStanding>();
  for (const { runId } of identities) if (!standings.has(runId)) standings.set(runId, await standingOf(runId));

  const nowMs = Date.now();
  const graceMs = config.host.orphanGraceSeconds * 1000;
  return identities.map((target) => {
    const standing = standings.get(target.runId)!;
    if (standing.state === 'live') orphans.delete(target.containerId);
    else if (!orphans.has(target.containerId)) orphans.set(target.containerId, nowMs);
    const orphanSinceMs = orphans.get(target.containerId) ?? nowMs;
    return { target, ...judgeContainer(target, standing, { nowMs, orphanSinceMs, graceMs }) };
  });
}
