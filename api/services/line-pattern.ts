import { RE2JS, RE2JSSyntaxException } from 're2js';

import { describeValue } from '../../contract/describe-value';
import { InvalidInputError } from '../../contract/fault';
import { PATTERN_MOST_STEPS } from '../../contract/pattern-limits';
import { matchesLong } from './long-lines';

/** What is looked for in the lines of logs. */
export interface LinePattern {
  /** At once where that takes no more than some milliseconds; all else in the process goes on meanwhile where it takes longer. */
  matches(text: string): boolean | Promise<boolean>;
}

export interface PatternOptions {
  /** Taken as the text itself, not as an expression. */
  literal: boolean;
  ignoreCase: boolean;
}

/**
 * Characters times steps that are looked at at once. The engine takes less than a nanosecond for each as a rule. Where a pattern
 * has many ways to go on after each character, such as `a[ab]{280}`, it takes up to 150, until what it keeps of them fills its
 * memory, and 17 from then on: 60 ms for so many.
 */
const MOST_AT_ONCE = 400_000;
/** What a character costs whatever the pattern, in steps. */
const CHARACTER_STEPS = 50;

/**
 * A pattern ready to be looked for.
 *
 * @param path field that it came in, for the fault.
 * @throws {InvalidInputError} where it is no regular expression in RE2's syntax, or too large a one.
 */
export function compilePattern(path: string, pattern: string, { literal, ignoreCase }: PatternOptions): LinePattern {
  if (literal && !ignoreCase) {
    return { matches: (text) => text.includes(pattern) };
  }
  const source = literal ? RE2JS.quote(pattern) : pattern;
  const engine = compile(path, source, ignoreCase);
  const steps = engine.programSize();
  if (steps > PATTERN_MOST_STEPS) {
    throw refused(
      path,
      `is too large: it has ${steps} steps of at most ${PATTERN_MOST_STEPS}; write smaller repetitions`,
    );
  }
  const mostCharacters = MOST_AT_ONCE / (steps + CHARACTER_STEPS);
  return {
    matches: (text) =>
      text.length <= mostCharacters ? engine.test(text) : matchesLong({ source, flags: engine.flags() }, text),
  };
}

function compile(path: string, pattern: string, ignoreCase: boolean): RE2JS {
  try {
    return RE2JS.compile(pattern, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);
  } catch (error) {
    if (!(error instanceof RE2JSSyntaxException)) throw error;
    throw refused(path, `${describeValue(pattern)} is no regular expression: ${error.error}; ${mendOf(error.error)}`);
  }
}

function mendOf(problem: string): string {
  if (/Perl syntax|escape/i.test(problem)) {
    return 'write it in the syntax of RE2, which has neither look-arounds nor references back, or set literal=true to look for the text as it stands';
  }
  return 'put a \\ before a character that is meant as it stands, or set literal=true to look for the text as it stands';
}

function refused(path: string, message: string): InvalidInputError {
  return new InvalidInputError([{ path, message }], 'The query');
}
