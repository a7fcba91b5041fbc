import type { RunSpec } from '../contract/spec';
import { changeSpec } from './change-spec';
import type { AttemptFacts } from './match-rules';
import { decideRetry, type RuledChange } from './retry';
import { EMPTY_LEDGER, type RetryLedger } from './retry-ledger';

/** What the next attempt of a run is made from; plain JSON, kept by the workflow. */
export interface Course {
  /** The spec that was submitted, with what rules changed. */
  spec: RunSpec;
  /** What differs from the submitted spec, such as `resources.memory: 96m (policy.retries.rules[0])`. */
  changes: string[];
  /** Hosts that are taken only where there is no other. */
  avoid: string[];
  ledger: RetryLedger;
}

/** `rule` is the index of the rule that decided, null where none did; `elsewhere` tells that it wants another host. */
export type NextAttempt = { course: Course; rule: number | null; because: string } & (
  { retry: true; delayMs: number; elsewhere: boolean } | { retry: false }
);

export function firstCourse(spec: RunSpec): Course {
  return { spec, changes: [], avoid: [], ledger: EMPTY_LEDGER };
}

/**
 * Decides what follows an attempt: another one, made from what the rules of the policy say, or none. A change that has come to
 * its bound ends the run: without it the next attempt would only be the last one again.
 *
 * @param facts.host where the attempt was; null where it got none.
 */
export function decideNext(before: Course, facts: AttemptFacts & { host: string | null }): NextAttempt {
  const decision = decideRetry(before.spec.policy.retries, before.ledger, facts);
  const { change, elsewhere, ledger, rule, because } = decision;
  const course: Course = { ...before, ledger };
  if (!decision.retry) return { retry: false, course, rule, because };
  const { delayMs } = decision;
  if (elsewhere && facts.host !== null && !course.avoid.includes(facts.host)) {
    course.avoid = [...course.avoid, facts.host];
  }
  if (change === null) return { retry: true, delayMs, elsewhere, course, rule, because };
  const changed = changeSpec(course.spec, change);
  if ('stuck' in changed) {
    const stuck = `policy.retries.rules[${change.rule}] has nothing left to change: ${changed.stuck}`;
    return { retry: false, course, rule, because: stuck };
  }
  course.spec = changed.spec;
  course.changes = withChange(course.changes, change, changed.to);
  const news = `${because}; \`${change.path}\` goes from ${changed.from} to ${changed.to}`;
  return { retry: true, delayMs, elsewhere, course, rule, because: news };
}

function withChange(changes: readonly string[], { path, rule }: RuledChange, to: string): string[] {
  const others = changes.filter((change) => !change.startsWith(`${path}: `));
  return [...others, `${path}: ${to} (policy.retries.rules[${rule}])`];
}
