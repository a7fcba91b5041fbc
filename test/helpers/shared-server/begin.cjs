/**
 * Called by jest before the first test file. Starts the keeper of the shared server, which is one small process that waits to
 * be asked: most runs of jest ask for no server. It is told by the end of its input that the run is over, also where that
 * was killed.
 */
const { spawn } = require('node:child_process');
const { mkdtempSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

module.exports = async () => {
  const folder = mkdtempSync(join(tmpdir(), 'trainyard-shared-'));
  process.env.TRAINYARD_TEST_KEEPER = join(folder, 'keeper.sock');
  // A session of its own, so that Ctrl-C reaches jest alone, and the server is not stopped under the last tests.
  globalThis.keeperOfSharedServer = spawn(process.execPath, [join(__dirname, 'keeper.cjs'), folder], {
    stdio: ['pipe', 'inherit', 'inherit'],
    detached: true,
  });
};
