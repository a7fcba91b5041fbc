/**
 * Keeps one server for the test files of a run of jest: started when the first asks, stopped and removed when the input
 * ends. Whoever connects to the socket is told of it in one line of JSON.
 */
const { rmSync } = require('node:fs');
const { createServer } = require('node:net');
const { join } = require('node:path');

const [folder] = process.argv.slice(2);
let started;

function start() {
  require('../typescript-hook.cjs');
  return require('../shared-server.ts').startSharedServer(folder);
}

const door = createServer((socket) => {
  socket.on('error', () => socket.destroy());
  started ??= start();
  const answer = started.then(
    ({ server }) => ({ server }),
    (error) => ({ error: String(error) }),
  );
  void answer.then((found) => socket.end(`${JSON.stringify(found)}\n`));
});

async function end() {
  door.close();
  const found = await started?.catch(() => undefined);
  const left = (await found?.dispose()) ?? [];
  rmSync(folder, { recursive: true, force: true });
  for (const thing of left) process.stderr.write(`left behind by the tests on the shared server: ${thing}\n`);
  process.exitCode = left.length > 0 ? 1 : 0;
}

door.listen(join(folder, 'keeper.sock'));
process.stdin.on('close', () => void end()).resume();
