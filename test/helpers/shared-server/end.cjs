/** Called by jest after the last test file. Fails the run where the shared server left something behind. */
const { once } = require('node:events');

module.exports = async () => {
  const keeper = globalThis.keeperOfSharedServer;
  if (keeper.exitCode === null && keeper.signalCode === null) {
    const ended = once(keeper, 'exit');
    keeper.stdin.end();
    await ended;
  }
  if (keeper.exitCode !== 0) throw new Error('the shared server of the tests did not end well; see above');
};
