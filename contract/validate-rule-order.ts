import type { Fault } from './fault';
import type { EndReason } from './reason';
import { exitCodesOf, reasonsOf } from './rule-condition';
import type { RetryRule } from './spec-retries';

/** A rule and what it can hold for, worked out once. */
interface Reach {
  index: number;
  rule: RetryRule;
  reasons: Set<EndReason>;
  codes: Set<number> | null;
}

/** Rules that contradict each other, and rules that can never decide because another always does so before them. */
export function orderFaults(path: string, rules: ReadonlyMap<number, RetryRule>): Fault[] {
  const reaches = [...rules].map(([index, rule]): Reach => {
    return { index, rule, reasons: reasonsOf(rule.when), codes: exitCodesOf(rule.when) };
  });
  return reaches.flatMap((own): Fault[] => {
    const others = reaches.filter((other) => other !== own && covers(other, own));
    const twin = others.find((other) => other.index < own.index && covers(own, other));
    const above = others.find((other) => outranks(other, own) && !covers(own, other));
    const message = twin ? twinMessage(own.rule, twin, path) : above && deadMessage(own, above, path);
    return message === undefined ? [] : [{ path: `${path}[${own.index}]`, message }];
  });
}

/** Rules that say fail go first, whatever their place. */
function outranks(one: Reach, other: Reach): boolean {
  const [fails, otherFails] = [one.rule.then === 'fail', other.rule.then === 'fail'];
  return fails === otherFails ? one.index < other.index : fails;
}

/** True where `wide` certainly holds for every attempt that `narrow` holds for. */
function covers(wide: Reach, narrow: Reach): boolean {
  const { outOfMemory, log } = wide.rule.when;
  const { codes } = wide;
  return (
    [...narrow.reasons].every((reason) => wide.reasons.has(reason)) &&
    (codes === null || (narrow.codes !== null && [...narrow.codes].every((code) => codes.has(code)))) &&
    (outOfMemory === undefined || narrow.rule.when.outOfMemory === true) &&
    (log === undefined || log === narrow.rule.when.log)
  );
}

function twinMessage(rule: RetryRule, { index, rule: twin }: Reach, path: string): string {
  const other = `${path}[${index}]`;
  if (twin.then !== rule.then) {
    return `contradicts ${other}, which is for the same failures and says "${twin.then}"; keep one of the two`;
  }
  return JSON.stringify(twin.change) === JSON.stringify(rule.change)
    ? `says the same as ${other}; leave it out`
    : `contradicts ${other}, which is for the same failures and has another \`change\`; keep one of the two`;
}

function deadMessage(own: Reach, above: Reach, path: string): string {
  const other = `${path}[${above.index}]`;
  return (above.rule.then === 'fail') === (own.rule.then === 'fail')
    ? `can never decide: ${other} goes first and fits whatever this one does; put this one before it, or leave it out`
    : `can never decide: ${other} says "fail" for whatever this one fits, which goes before "${own.rule.then}"; make that one narrower, or leave this one out`;
}
