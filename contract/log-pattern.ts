import { RE2JS, RE2JSSyntaxException } from 're2js';

import { PATTERN_MOST_STEPS } from './pattern-limits';

/** What is wrong with a pattern that a rule looks for in logs, with the mend; undefined where nothing is. */
export function logPatternProblem(pattern: string): string | undefined {
  try {
    const steps = RE2JS.compile(pattern).programSize();
    if (steps <= PATTERN_MOST_STEPS) return undefined;
    return `is too large: it has ${steps} steps of at most ${PATTERN_MOST_STEPS}; write smaller repetitions`;
  } catch (error) {
    if (!(error instanceof RE2JSSyntaxException)) throw error;
    return `is no regular expression in the syntax of RE2: ${error.error}; ${mendOf(error.error)}`;
  }
}

function mendOf(problem: string): string {
  return /Perl syntax|escape|named capture/i.test(problem)
    ? 'it has neither look-arounds nor references back, which would make a match slow; write it without them'
    : 'put a \\ before a character that is meant as it stands';
}
