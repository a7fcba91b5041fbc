/**
 * For a worker that a test runs from source: beside TypeScript it is given the bundle of the workflows that the tests keep,
 * where it would make one at each start.
 */
require('./typescript-hook.cjs');

const { readFile } = require('node:fs/promises');
const { WorkflowCodeBundler } = require('@temporalio/worker/lib/workflow/bundler');
const { keptBundle } = require('./kept-bundle.ts');

const { createBundle } = WorkflowCodeBundler.prototype;

WorkflowCodeBundler.prototype.createBundle = async function createKeptBundle() {
  return { code: await readFile(await keptBundle(() => createBundle.call(this)), 'utf8') };
};
