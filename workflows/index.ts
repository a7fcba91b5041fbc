/** Everything that a control worker runs: the entry of the workflows' bundle. */
export { runWorkflow } from './run-workflow';
