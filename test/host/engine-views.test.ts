import type { Logger } from 'pino';

import { createEngineViews } from '../../host/engine-views';
import { until } from '../helpers/until';
import { QUIET } from './helpers';

it('goes on for all where one who is told fails, and says so once', async () => {
  const error = jest.fn();
  const views = createEngineViews({
    engine: { listContainers: async () => [] },
    health: { info: () => null, awaySince: () => null },
    host: { name: 'one', installation: 'some' },
    log: Object.assign(Object.create(QUIET) as Logger, { error }),
  });
  const failure = new Error('a fault');
  let failed = 0;
  let told = 0;
  views.subscribe(() => {
    failed += 1;
    throw failure;
  });
  views.subscribe(() => void (told += 1));

  await until(() => failed === 2 && told === 2);
  await views.stop();

  expect(error.mock.calls).toEqual([[{ err: failure }, expect.any(String)]]);
});
