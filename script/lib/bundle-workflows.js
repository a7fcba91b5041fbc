/** Bundles the built workflows into dist/workflow-bundle.js, which the control worker loads. Part of `npm run build`. */
const { writeFileSync } = require('node:fs');
const { join } = require('node:path');

const { bundleWorkflowCode, DefaultLogger } = require('@temporalio/worker');

const dist = join(__dirname, '..', '..', 'dist');

bundleWorkflowCode({
  workflowsPath: join(dist, 'workflows', 'index.js'),
  logger: new DefaultLogger('WARN'),
}).then(
  ({ code }) => writeFileSync(join(dist, 'workflow-bundle.js'), code),
  (error) => {
    process.stderr.write(`The workflows could not be bundled: ${error.message}\n`);
    process.exitCode = 1;
  },
);
