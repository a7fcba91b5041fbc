import { ApplicationFailure, setHandler } from '@temporalio/workflow';

import type { ClaimInput, PoolSettings, PoolView } from '../contract/pool';
import { readClaim, readReservation } from '../contract/pool-message-schemas';
import type { ConfigureInput } from '../contract/pool-messages';
import { changeSettings } from '../contract/settings-change';
import {
  faultOfClaim,
  faultOfClaims,
  faultOfConfigure,
  faultOfHostChange,
  faultOfIdentity,
  faultOfLimit,
  faultOfReprioritise,
  faultOfReservation,
  faultOfUnreserve,
} from '../policy/pool/check-messages';
import type { PoolDesk } from './pool-desk';
import { guarded, quietly } from './pool-guard';
import { keepInMemo } from './pool-memo';
import {
  changeHostUpdate,
  changeLimitUpdate,
  claimAllUpdate,
  claimUpdate,
  configureUpdate,
  explainQuery,
  holdersQuery,
  poolQuery,
  type PoolRefusal,
  releaseSignal,
  reprioritiseUpdate,
  reserveUpdate,
  unreserveUpdate,
} from './pool-messages';

/** Lets a pool be asked and told everything in workflows/pool-messages. */
export function listenAsPool(desk: PoolDesk): void {
  const claim = guarded(
    (input: ClaimInput) => desk.claim(readClaim(input)),
    (input) => desk.release(input),
  );
  setHandler(claimUpdate, claim, { validator: (input) => refuseIf('bad-message', faultOfClaim(input)) });
  setHandler(claimAllUpdate, (inputs) => inputs.map((input) => claim(input)), {
    validator: (inputs) => refuseIf('bad-message', faultOfClaims(inputs)),
  });
  setHandler(releaseSignal, (input) => {
    if (faultOfIdentity(input) === null) quietly(() => desk.release(input));
  });
  setHandler(
    reprioritiseUpdate,
    guarded(({ runId, priority }) => desk.tell((core) => core.reprioritise(runId, priority))),
    { validator: (change) => refuseIf('bad-message', faultOfReprioritise(change)) },
  );
  setHandler(
    changeLimitUpdate,
    guarded(({ runId, limitMs }) => desk.tell((core) => core.changeLimit(runId, limitMs))),
    { validator: (change) => refuseIf('bad-message', faultOfLimit(change)) },
  );
  listenToOperators(desk);
  setHandler(poolQuery, () => viewOf(desk));
  setHandler(explainQuery, (runId) => desk.core.explain(runId, Date.now()));
  setHandler(holdersQuery, () => desk.core.holders());
}

function listenToOperators(desk: PoolDesk): void {
  setHandler(
    changeHostUpdate,
    guarded(({ host, intent }) => {
      const isThere = desk.tell((core) => core.changeHost(host, intent));
      refuseIf('unknown-host', isThere ? null : `the pool has no host ${host}`);
      keepInMemo(desk);
      return viewOf(desk);
    }),
    { validator: (change) => refuseIf('bad-message', faultOfHostChange(change)) },
  );
  setHandler(
    configureUpdate,
    guarded((input) => {
      desk.tell((core) => core.configure(settingsOf(desk, input)));
      keepInMemo(desk);
      return viewOf(desk);
    }),
    { validator: (input) => refuseIf('bad-settings', faultOfConfigure(input)) },
  );
  listenToReservations(desk);
}

/** The settings that are to be others than they are. */
function settingsOf(desk: PoolDesk, { settings, change }: ConfigureInput): Partial<PoolSettings> {
  return { ...settings, ...(change && changeSettings(desk.settings(), change)) };
}

function listenToReservations(desk: PoolDesk): void {
  setHandler(
    reserveUpdate,
    guarded((reservation) => {
      const fault = desk.tell((core, now) => core.reserve(readReservation(reservation), now));
      refuseIf('bad-reservation', fault);
      keepInMemo(desk);
      return viewOf(desk);
    }),
    { validator: (reservation) => refuseIf('bad-reservation', faultOfReservation(reservation)) },
  );
  setHandler(
    unreserveUpdate,
    guarded(({ id }) => {
      const isThere = desk.tell((core) => core.unreserve(id));
      refuseIf('unknown-reservation', isThere ? null : `the pool has no reservation ${id}`);
      keepInMemo(desk);
      return viewOf(desk);
    }),
    { validator: (request) => refuseIf('bad-message', faultOfUnreserve(request)) },
  );
}

function viewOf({ core }: PoolDesk): PoolView {
  return core.view(Date.now());
}

function refuseIf(type: PoolRefusal, fault: string | null): void {
  if (fault !== null) throw ApplicationFailure.nonRetryable(fault, type);
}
