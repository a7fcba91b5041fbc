import type { TSchema } from '@sinclair/typebox';

import { describeValue } from './describe-value';
import type { Fault } from './fault';
import { liesIn } from './path';
import { exampleFor } from './policy-example';
import { checkPlainJson } from './plain-json';
import { refusalOf, placeOf } from './not-yet';
import { checkShape } from './validate-shape';
import { SPEC_LIMIT_BYTES, validateSpec } from './validate-spec';

/**
 * What is wrong with a named policy: its shape, and its fields as they would be in a run that says nothing else of its
 * policy. Takes whatever can be parsed from JSON or YAML.
 *
 * @param schema of the whole that `policy` is a field of.
 */
export function faultsOfNamedPolicy(schema: TSchema, input: unknown): Fault[] {
  const unsafe = checkPlainJson(input, { bytes: SPEC_LIMIT_BYTES, depth: 16 });
  if (unsafe.length > 0) return unsafe;
  const shapeFaults = checkShape(schema, input, { instead, belongs: placeOf });
  if (shapeFaults.some(({ path }) => path === '' || liesIn(path, 'policy'))) return shapeFaults;
  const { policy } = input as { policy: unknown };
  const { faults = [] } = validateSpec({ ...exampleFor(policy), policy });
  return [...shapeFaults, ...faults.filter(({ path }) => liesIn(path, 'policy'))];
}

function instead(path: string, value: unknown): string | undefined {
  if (path === 'policy.use') return 'cannot be here: a named policy stands by itself; write all that it says';
  if (path === 'policy.from') return 'is not for people; leave it out';
  if (path !== 'policy') return refusalOf(path);
  const mend = 'write its `timeouts` and `retries`, or {} for the defaults';
  return value === undefined ? `is missing; ${mend}` : `must be an object; got ${describeValue(value)}; ${mend}`;
}
