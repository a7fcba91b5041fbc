import { setImmediate as nextTurn } from 'node:timers/promises';

import type { RetryRule } from '../../contract/spec';
import { compilePattern, type LinePattern } from './line-pattern';

/** What a rule of a policy looks for in the log of an attempt. */
export interface RulePattern {
  /** Index of the rule. */
  rule: number;
  pattern: LinePattern;
}

/** So long a search may keep all else in the process waiting. */
const SLICE_MS = 15;

/** Of the rules that look into the log. */
export function patternsOf(rules: readonly RetryRule[]): RulePattern[] {
  return rules.flatMap(({ when }, rule): RulePattern[] => {
    const { log } = when as { log?: string };
    if (log === undefined) return [];
    const path = `policy.retries.rules[${rule}].when.log`;
    return [{ rule, pattern: compilePattern(path, log, { literal: false, ignoreCase: false }) }];
  });
}

/** Indices of the rules whose pattern is found in one of the lines. */
export async function matchedIn(lines: readonly string[], patterns: readonly RulePattern[]): Promise<number[]> {
  const found: number[] = [];
  let sliceEndsMs = performance.now() + SLICE_MS;
  for (const { rule, pattern } of patterns) {
    for (const line of lines) {
      if (performance.now() >= sliceEndsMs) {
        await nextTurn();
        sliceEndsMs = performance.now() + SLICE_MS;
      }
      if (!pattern.matches(line)) continue;
      found.push(rule);
      break;
    }
  }
  return found;
}
