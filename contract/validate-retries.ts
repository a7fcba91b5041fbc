import type { Fault } from './fault';
import { describeValue } from './describe-value';
import { logPatternProblem } from './log-pattern';
import { nearest } from './nearest';
import { joinPath, pathBelow } from './path';
import type { RecipeParam } from './recipe';
import { isSize, readChange, startOf, type Change } from './rule-change';
import { BEYOND_RULES, exitCodesOf, readRange, reasonsOf } from './rule-condition';
import type { RunSpec } from './spec';
import type { RetryRule, RuleCondition } from './spec-retries';
import { problemOfParam } from './validate-params';
import { orderFaults } from './validate-rule-order';

/** What is known of the spec that rules are for; what is left out is not looked at. */
export interface RuleSurroundings {
  resources?: RunSpec['resources'];
  params?: RunSpec['params'];
  env?: RunSpec['env'];
  /** What its recipe says of parameters. */
  declared?: Readonly<Record<string, RecipeParam>>;
}

const RULES = 'policy.retries.rules';

/**
 * What a schema cannot say of retry rules: conditions that can never hold, patterns that are none, changes that cannot be
 * made, and rules that stand in each other's way.
 *
 * @param isSound whether what stands at a path has the right shape; a rule that has not is left to the schema.
 */
export function checkRules(
  rules: readonly RetryRule[],
  around: RuleSurroundings,
  isSound: (path: string) => boolean,
): Fault[] {
  const faults: Fault[] = [];
  const sound = new Map<number, RetryRule>();
  for (const [index, rule] of rules.entries()) {
    const path = `${RULES}[${index}]`;
    if (!isSound(path)) continue;
    const conditions = conditionFaults(`${path}.when`, rule.when);
    faults.push(...conditions, ...changeFaults(path, rule, around));
    if (conditions.length === 0) sound.set(index, rule);
  }
  return [...faults, ...orderFaults(RULES, sound)];
}

function conditionFaults(path: string, when: RuleCondition): Fault[] {
  const faults = [...rangeFaults(path, when), ...reasonFaults(path, when)];
  const pattern = when.log === undefined ? undefined : logPatternProblem(when.log);
  if (pattern !== undefined) faults.push({ path: `${path}.log`, message: pattern });
  return faults.length > 0 ? faults : exclusionFaults(path, when);
}

function rangeFaults(path: string, { exitCode = [] }: RuleCondition): Fault[] {
  return exitCode.flatMap((code, index): Fault[] => {
    if (typeof code === 'number') return [];
    const [first, last] = readRange(code);
    if (first >= 1 && last <= 255 && first <= last) return [];
    const message = `must be a range from 1 to 255 at most, the lower number first; got "${code}"; write such as "2-5"`;
    return [{ path: `${path}.exitCode[${index}]`, message }];
  });
}

function reasonFaults(path: string, { reason = [] }: RuleCondition): Fault[] {
  return reason.flatMap((name, index): Fault[] => {
    if (!BEYOND_RULES.includes(name)) return [];
    const message = `"${name}" cannot be followed by another attempt, whatever a rule says; leave it out`;
    return [{ path: `${path}.reason[${index}]`, message }];
  });
}

/** Conditions of one rule that never hold together. */
function exclusionFaults(path: string, when: RuleCondition): Fault[] {
  if (reasonsOf(when).size === 0) {
    const other = when.signal === undefined ? 'an exit code of its own' : 'a signal that ended its command';
    const message = `can never hold: an attempt that ends for any of these reasons does not have ${other}; leave one of the two conditions out`;
    return [{ path, message }];
  }
  if (exitCodesOf(when)?.size !== 0) return [];
  const message =
    'can never hold: none of these signals gives one of these exit codes (128 plus its number); leave one of the two out';
  return [{ path, message }];
}

function changeFaults(path: string, { then, change: written }: RetryRule, around: RuleSurroundings): Fault[] {
  if (written === undefined) return [];
  const at = `${path}.change`;
  if (then === 'fail') {
    const message = 'does not go with "fail", after which there is no attempt; leave it out, or write then: retry';
    return [{ path: at, message }];
  }
  const reading = readChange(written);
  if ('faults' in reading) {
    return reading.faults.map((fault) => ({ ...fault, path: pathBelow(at, fault.path) }));
  }
  const { change } = reading;
  return [...startFaults(at, change, around, written.upTo ?? written.downTo), ...declaredFaults(at, change, around)];
}

/** A change against what the spec has to begin with. Values of variables are not repeated: they may be secret. */
function startFaults(at: string, change: Change, around: RuleSurroundings, bound: unknown): Fault[] {
  const { target, path, direction } = change;
  const { resources, params, env } = around;
  const known = isSize(target) ? resources : around[target];
  if (known === undefined) return [];
  const start = startOf(change, { resources: resources!, params: params!, env: env! });
  if (typeof start !== 'number') {
    return [{ path: joinPath(`${at}.${target}`, change.name), message: noStart(change, start, known) }];
  }
  if (start < 0) return [{ path: at, message: `needs a number that is not negative; \`${path}\` is` }];
  const isBeyond = direction === 'up' ? change.bound < start : change.bound > start;
  if (!isBeyond) return [];
  const [field, least] = direction === 'up' ? ['upTo', 'at least'] : ['downTo', 'at most'];
  const begins = target === 'env' ? '' : ` (${isSize(target) ? resources![target] : start})`;
  const mend = direction === 'up' ? 'raise it' : 'lower it';
  const message = `must be ${least} what \`${path}\` begins with${begins}; got ${describeValue(bound)}; ${mend}`;
  return [{ path: `${at}.${field}`, message }];
}

function noStart({ target, name }: Change, start: 'missing' | 'no-number', known: object): string {
  const what = target === 'env' ? 'variable' : 'parameter';
  if (start === 'no-number') {
    const mend = target === 'env' ? 'set it to one' : 'write its value as a number, without quotes';
    return `is a ${what} that is no number; ${mend}`;
  }
  const meant = nearest(name, Object.keys(known));
  const mend = meant === undefined ? `add it to \`${target}\`` : `did you mean \`${meant}\`?`;
  return `names no ${what}; ${mend}`;
}

/** The bound of a parameter against what its recipe allows. */
function declaredFaults(at: string, { target, name, bound, direction }: Change, around: RuleSurroundings): Fault[] {
  const { declared } = around;
  if (target !== 'params' || declared === undefined || !Object.hasOwn(declared, name)) return [];
  const problem = problemOfParam(declared[name]!, bound);
  if (problem === undefined) return [];
  return [
    {
      path: `${at}.${direction === 'up' ? 'upTo' : 'downTo'}`,
      message: `${problem}; so the recipe says of \`${name}\``,
    },
  ];
}
