// Fetches the Temporal development server into the folder named first, by the SDK's own downloader.
// The SDK downloads only on the way to starting a server, so this starts one and stops it.
'use strict';

const { TestWorkflowEnvironment } = require('@temporalio/testing');

async function main() {
  const downloadDir = process.argv[2];
  const environment = await TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'cached-download', downloadDir } },
  });
  await environment.teardown();
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
