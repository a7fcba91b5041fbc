/** Characters of a regular expression at most. */
export const PATTERN_MAX_LENGTH = 1_000;

/**
 * Steps of a compiled pattern at most. The time for a line grows with its length times this, never faster: the engine is
 * RE2's, whose matches take linear time whatever the pattern, unlike those of JavaScript's own.
 */
export const PATTERN_MOST_STEPS = 300;
