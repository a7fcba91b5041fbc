import { RE2JS, RE2JSSyntaxException } from 're2js';

import { describeValue } from '../../contract/describe-value';
import { InvalidInputError } from '../../contract/fault';
import { PATTERN_MOST_STEPS } from '../../contract/pattern-limits';

/** What is looked for in the lines of logs. */
export interface LinePattern {
  matches(text: string): boolean;
  /** Where in a text that it matches the match begins. */
  indexIn(text: string): number;
}

export interface PatternOptions {
  /** Taken as the text itself, not as an expression. */
  literal: boolean;
  ignoreCase: boolean;
}

/**
 * A pattern ready to be looked for.
 *
 * @param path field that it came in, for the fault.
 * @throws {InvalidInputError} where it is no regular expression in RE2's syntax, or too large a one.
 */
export function compilePattern(path: string, pattern: string, { literal, ignoreCase }: PatternOptions): LinePattern {
  if (literal && !ignoreCase) {
    return { matches: (text) => text.includes(pattern), indexIn: (text) => text.indexOf(pattern) };
  }
  const engine = compile(path, literal ? RE2JS.quote(pattern) : pattern, ignoreCase);
  const steps = engine.programSize();
  if (steps > PATTERN_MOST_STEPS) {
    throw refused(
      path,
      `is too large: it has ${steps} steps of at most ${PATTERN_MOST_STEPS}; write smaller repetitions`,
    );
  }
  return {
    matches: (text) => engine.test(text),
    indexIn: (text) => {
      const matcher = engine.matcher(text);
      return matcher.find() ? matcher.start() : -1;
    },
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
