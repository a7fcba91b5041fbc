import { Context } from '@temporalio/activity';

import { deferred } from './deferred';
import { type Activities, GOOD_OUTCOME } from './fake-host';

/** A container that runs until `stopContainer` is called. */
export function containerThatMustBeStopped({ exitCode = 143 } = {}): Pick<
  Activities,
  'followContainer' | 'stopContainer'
> {
  const stopped = deferred();
  return {
    stopContainer: async () => {
      stopped.resolve();
      return { how: 'terminated' };
    },
    followContainer: async () => {
      const beat = setInterval(() => Context.current().heartbeat(), 1_000);
      await Promise.race([stopped.promise, Context.current().cancelled]).finally(() => clearInterval(beat));
      return { ...GOOD_OUTCOME, exitCode };
    },
  };
}
