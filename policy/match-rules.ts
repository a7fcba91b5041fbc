import type { FollowContainerInput } from '../contract/activities';
import type { Evidence } from '../contract/evidence';
import { shorten } from '../contract/path';
import { exitCodesOf, reasonsOf } from '../contract/rule-condition';
import type { Retries, RetryRule } from '../contract/spec';
import type { Ending } from './outcome';

type LogPatterns = NonNullable<FollowContainerInput['logPatterns']>;

/** How an attempt ended, and all that is known of it. */
export interface AttemptFacts {
  ending: Ending;
  /** Null where there was no container, and in histories from before it was collected. */
  evidence: Evidence | null;
  /** Indices of the rules whose `log` was found. */
  matchedLogs: readonly number[];
}

/** The rule that decides on an attempt. */
export interface Ruling {
  index: number;
  rule: RetryRule;
  because: string;
}

/**
 * The rule that decides: the first that says fail and fits, else the first that fits; null where none does.
 *
 * @param failFirst false for specs from before that was so, whose histories must be decided as they were.
 */
export function findRuling(rules: Retries['rules'], facts: AttemptFacts, failFirst: boolean): Ruling | null {
  const fitting = rules.map((rule, index) => ({ rule, index })).filter(({ rule, index }) => fits(rule, index, facts));
  const failing = failFirst ? fitting.find(({ rule }) => rule.then === 'fail') : undefined;
  const decides = failing ?? fitting[0];
  return decides === undefined ? null : { ...decides, because: becauseOf(decides, facts) };
}

/** True where all that the rule asks for holds. */
export function fits({ when }: RetryRule, index: number, { ending, evidence, matchedLogs }: AttemptFacts): boolean {
  const codes = exitCodesOf(when);
  return (
    reasonsOf(when).has(ending.reason) &&
    (codes === null || (ending.exitCode !== null && codes.has(ending.exitCode))) &&
    (when.outOfMemory === undefined || ranOutOfMemory(ending, evidence)) &&
    (when.log === undefined || matchedLogs.includes(index))
  );
}

/** What the rules look for in logs, with the index of each. */
export function logPatternsOf(rules: readonly RetryRule[]): LogPatterns {
  return rules.flatMap(({ when: { log } }, rule) => (log === undefined ? [] : [{ rule, pattern: log }]));
}

/** What went wrong, in a few words. */
export function describeCause({ reason, exitCode, detail }: Ending): string {
  if (reason === 'exit-code') return `exit code ${exitCode}`;
  if (reason === 'out-of-memory') return 'running out of memory';
  return reason === 'killed-by-signal' ? (detail.signal ?? 'a signal') : `\`${reason}\``;
}

function ranOutOfMemory({ reason }: Ending, evidence: Evidence | null): boolean {
  return reason === 'out-of-memory' || evidence?.outOfMemory === true;
}

function becauseOf({ rule, index }: Pick<Ruling, 'rule' | 'index'>, { ending }: AttemptFacts): string {
  const { when } = rule;
  const causes = [
    ...(when.exitCode === undefined ? [] : [`exit code ${ending.exitCode}`]),
    ...(when.signal === undefined ? [] : [ending.detail.signal ?? 'a signal']),
    ...(when.outOfMemory === undefined ? [] : ['running out of memory']),
    ...(when.log === undefined ? [] : [`a log line that fits "${shorten(when.log, 60)}"`]),
    ...(when.reason === undefined ? [] : [`\`${ending.reason}\``]),
  ];
  return `policy.retries.rules[${index}] says ${rule.then} for ${causes.join(' and ')}`;
}
