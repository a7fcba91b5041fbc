const { default: Sequencer } = require('@jest/test-sequencer');

/** Folders whose files wait the longest, though they are short. */
const LONG = /\/test\/(?:chaos|e2e|trouble|workflows|worker)\//;

/**
 * The order in which jest takes the test files: where it has no times of a run before it goes by their sizes, and one that
 * takes minutes and is begun last is waited for alone.
 */
module.exports = class LongOnesFirst extends Sequencer {
  sort(tests) {
    const sorted = super.sort(tests);
    const isLong = ({ path }) => LONG.test(path);
    return [...sorted.filter(isLong), ...sorted.filter((test) => !isLong(test))];
  }
};
