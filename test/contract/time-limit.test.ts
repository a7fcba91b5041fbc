import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { timeLimit } from '../../contract/time-limit';

it('ends what it was joined to, whatever garbage is collected meanwhile', async () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  const never = new AbortController();
  const joined = AbortSignal.any([never.signal, timeLimit(300)]);
  const aborted = new Promise((resolve) => joined.addEventListener('abort', resolve, { once: true }));
  // What a turn has touched is garbage only after it.
  for (let turn = 0; turn < 5; turn += 1) {
    await new Promise(setImmediate);
    collectGarbage();
  }

  await aborted;
  expect((joined.reason as Error).name).toBe('TimeoutError');
}, 5_000);
