import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

import { keptBundle } from './kept-bundle';
import { quietRuntime } from './temporal';

/** The bundle of the workflows, as a worker takes it. */
export interface WorkflowBundleFile {
  codePath: string;
}

/** Bundles the workflows, once for all test files and runs that have the same sources. */
export async function bundleWorkflows(): Promise<WorkflowBundleFile> {
  quietRuntime();
  const workflowsPath = require.resolve('../../workflows/index.ts');
  const codePath = await keptBundle(() => bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') }));
  return { codePath };
}
