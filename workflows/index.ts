/** Everything that a control worker runs: the entry of the workflows' bundle. */
export { nodeWorkflow } from './node-workflow';
export { notifyWorkflow } from './notify-workflow';
export { poolWorkflow } from './pool-workflow';
export { retentionWorkflow } from './retention-workflow';
export { runWorkflow } from './run-workflow';
