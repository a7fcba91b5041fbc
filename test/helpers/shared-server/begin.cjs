/**
 * Called by jest before the first test file. Removes what a killed run of the tests left on the engine, and starts the keeper
 * of the shared server, which is one small process that waits to be asked: most runs of jest ask for no server. It is told by
 * the end of its input that the run is over, also where that was killed.
 */
const { spawn } = require('node:child_process');
const { mkdtempSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

module.exports = async () => {
  await removeLeft();
  const folder = mkdtempSync(join(tmpdir(), 'trainyard-shared-'));
  process.env.TRAINYARD_TEST_KEEPER = join(folder, 'keeper.sock');
  // A session of its own, so that Ctrl-C reaches jest alone, and the server is not stopped under the last tests.
  globalThis.keeperOfSharedServer = spawn(process.execPath, [join(__dirname, 'keeper.cjs'), folder], {
    stdio: ['pipe', 'inherit', 'inherit'],
    detached: true,
  });
};

async function removeLeft() {
  require('../typescript-hook.cjs');
  const { createEngine } = require('../../../docker/dockerode-engine.ts');
  const { TEST_DOCKER_HOST } = require('../engine.ts');
  const { removeLeftByTests } = require('../test-owner.ts');
  const engine = createEngine(TEST_DOCKER_HOST);
  try {
    for (const name of await removeLeftByTests(engine))
      process.stderr.write(`removed ${name}, left by tests that were killed\n`);
  } catch (error) {
    // Many tests need no engine.
    process.stderr.write(`what killed tests may have left on the engine cannot be looked for: ${error.message}\n`);
  } finally {
    engine.close();
  }
}
