import { patched } from '@temporalio/workflow';

import type { AttemptIdentity, CleanedUp, CleanUpInput } from '../contract/activities';
import type { GangPlace } from '../contract/gang';
import type { RunSpec } from '../contract/spec';
import type { Ending } from '../policy/outcome';
import { failureOf, isHostSilent } from './failure';
import { HostLostError, type HostLink } from './host-link';
import type { RunLife } from './run-life';
import { untilProvenGone } from './suspension';

/** What is known of an attempt when it is over. */
export interface Leaving {
  life: RunLife;
  spec: RunSpec;
  identity: AttemptIdentity;
  link: HostLink;
  /** Absent for a run of one node. */
  gang?: GangPlace | undefined;
  /** True from the moment in which there may be a container; then nothing ends before it is proven gone or fenced. */
  mayHaveContainer: boolean;
  /** True once it is known that the container runs no more. */
  hasEnded: boolean;
}

/**
 * Removes what the attempt left. Where there may be a container this waits until it is proven gone; of a host that is lost
 * meanwhile, whatever it still has is fenced by the revoked lease. A host that is away does not hold up a run that has
 * nothing there any more, unless somebody was promised that it is gone.
 *
 * @returns how the attempt ended.
 */
export async function cleanUp(leaving: Leaving, ending: Ending): Promise<Ending> {
  const { life, link } = leaving;
  if (ending.reason === 'engine-unavailable' && !leaving.mayHaveContainer) return ending;
  if (!leaving.mayHaveContainer) {
    await cleanUpBriefly(leaving);
    return ending;
  }
  const act = async (): Promise<void> => notice(life, await link.calls.cleanUp(inputOf(leaving)));
  const mayGoOn = leaving.hasEnded && life.interrupts.cause === null;
  try {
    await (mayGoOn ? act() : link.insist(act));
    return ending;
  } catch (error) {
    if (error instanceof HostLostError) {
      // It ended by itself before it could be stopped, and shall not run once more for a host that is lost.
      if (ending.reason === 'completed' && patched('completed-on-a-lost-host')) return ending;
      return untilProvenGone(life, error.ending, () => cleanUpLater(leaving, act));
    }
    if (!isHostSilent(error)) throw error;
    link.giveUp();
    return ending;
  }
}

async function cleanUpBriefly(leaving: Leaving): Promise<void> {
  const { life, link } = leaving;
  try {
    notice(life, await link.calls.cleanUpBriefly(inputOf(leaving)));
  } catch (error) {
    life.note(`Nothing was started, and the clean-up could not be done either: ${failureOf(error).detail.detail}`);
  }
}

/** On a host that is lost, once it is back. */
async function cleanUpLater({ identity, link }: Leaving, act: () => Promise<void>): Promise<void> {
  for (;;) {
    await link.calls.awaitHost(identity);
    try {
      return await act();
    } catch (error) {
      if (!isHostSilent(error)) throw error;
    }
  }
}

function inputOf({ identity, spec, gang }: Leaving): CleanUpInput {
  const network = gang?.network.kind === 'bridge' && { network: gang.network.name };
  return { ...identity, ...keepingOf(spec, gang), ...network };
}

/** The checkpoints that are kept; those of a gang are for its first node to look after. */
export function keepingOf({ checkpoint }: RunSpec, gang: GangPlace | undefined): { keepCheckpoints?: number } {
  return checkpoint !== undefined && !(gang && gang.rank > 0) ? { keepCheckpoints: checkpoint.keep } : {};
}

function notice(life: RunLife, { checkpoint }: CleanedUp): void {
  if (checkpoint !== undefined) life.checkpoint = checkpoint;
}
