import type { TestWorkflowEnvironment } from '@temporalio/testing';

import { startTemporal } from '../helpers/temporal';
import { testApi, type TestApi } from './test-api';

/** An API over a Temporal of the test file's own. */
export interface ApiSuite {
  readonly temporal: TestWorkflowEnvironment;
  readonly api: TestApi;
}

export function apiSuite(): ApiSuite {
  let temporal: TestWorkflowEnvironment | undefined;
  let api: TestApi | undefined;
  beforeAll(async () => {
    temporal = await startTemporal();
    api = await testApi({ temporal: temporal.address });
  }, 120_000);
  afterAll(async () => {
    await api?.close();
    await temporal?.teardown();
  });
  return {
    get temporal() {
      return temporal!;
    },
    get api() {
      return api!;
    },
  };
}
