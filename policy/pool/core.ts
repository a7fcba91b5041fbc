import type {
  ClaimAnswer,
  ClaimIdentity,
  ClaimInput,
  Explanation,
  HostIntent,
  PoolHostFacts,
  PoolSettings,
  PoolView,
  Reservation,
} from '../../contract/pool';
import { addHosts, changeIntent, configurePool } from './change-hosts';
import { answerClaim, changeLimitOf, endClaim, reprioritiseRun } from './claims';
import { explain } from './explain';
import { nextLookAt } from './next-look';
import { createPass, passOver } from './pass';
import { createPool, dataOf } from './create-pool';
import { endReservation, makeReservation } from './reservations';
import { emptyState, type Decision, type PoolState } from './state';
import { viewOf } from './view';

export type { Decision, PoolState } from './state';

/**
 * What a pool decides, as pure code: no clock, no I/O, no SDK. Whoever holds it (`poolWorkflow`, the simulator) tells it what
 * happens, in order and with the time, and then asks once for what follows; several messages may be told before one question.
 * The same events at the same times give the same decisions, and a core made anew from {@link PoolCore.state} goes on as the
 * old one would have.
 */
export interface PoolCore {
  /**
   * A run asks for a lease, or asks again. The same claim gets the same answer; a newer claim of a run replaces what it had.
   * A claim that can be granted without passing anybody is granted at once.
   */
  claim(input: ClaimInput, nowMs: number): ClaimAnswer;
  /** The claim is over, granted or not; nothing for one that is over already, or older than the newest of its run. */
  release(claim: ClaimIdentity, nowMs: number): void;
  /** What the hosts are now; one that is not among them and holds nothing is forgotten. */
  hostsAre(hosts: readonly PoolHostFacts[], nowMs: number): void;
  /** False where there is no such host. */
  changeHost(host: string, intent: HostIntent): boolean;
  configure(settings: Partial<PoolSettings>): void;
  /** A fault in words where the pool could not keep it; null where it is made. */
  reserve(reservation: Reservation, nowMs: number): string | null;
  /** False where there is none. */
  unreserve(id: string): boolean;
  /** False where the run neither waits nor holds a lease. */
  reprioritise(runId: string, priority: number): boolean;
  /** How long a run may hold its lease, from its grant on; false where it neither waits nor holds one. */
  changeLimit(runId: string, limitMs: number): boolean;

  /** What follows of all that was told: leases for runs that waited, and runs that have to give way. */
  decide(nowMs: number): Decision[];
  /** When {@link PoolCore.decide} should be asked again although nothing happens (ageing, a reservation); null: never. */
  nextLookAt(nowMs: number): number | null;

  explain(runId: string, nowMs: number): Explanation | null;
  view(nowMs: number): PoolView;
  /** Ids of all runs that wait or hold leases. */
  holders(): string[];
  /** All of it as plain JSON, for continue-as-new. */
  state(): PoolState;
}

/** @param state what {@link PoolCore.state} said of it before; a new pool without. */
export function createPoolCore(name: string, state: PoolState = emptyState(name)): PoolCore {
  const pool = createPool(state);
  return {
    claim: (input, nowMs) => answerClaim(pool, input, nowMs),
    release: (claim, nowMs) => endClaim(pool, claim, nowMs),
    hostsAre: (hosts) => {
      pool.isTold = true;
      addHosts(pool, hosts);
    },
    changeHost: (host, intent) => changeIntent(pool, host, intent),
    configure: (settings) => configurePool(pool, settings),
    reserve: (reservation, nowMs) => makeReservation(pool, reservation, nowMs),
    unreserve: (id) => endReservation(pool, id),
    reprioritise: (runId, priority) => reprioritiseRun(pool, runId, priority),
    changeLimit: (runId, limitMs) => changeLimitOf(pool, runId, limitMs),
    decide: (nowMs) => passOver(pool, nowMs),
    nextLookAt: (nowMs) => nextLookAt(pool, nowMs),
    explain: (runId, nowMs) => {
      const entry = pool.queue.entries.get(runId);
      return entry ? explain(createPass(pool, nowMs), entry) : null;
    },
    view: (nowMs) => viewOf(pool, nowMs),
    holders: () => [...new Set([...pool.held.keys(), ...pool.queue.entries.keys()])],
    state: () => dataOf(pool),
  };
}
