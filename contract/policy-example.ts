import { isObject } from './merge';
import type { RunSpecInput } from './spec';

/**
 * The least of a run that a policy can be checked with by itself. What its rules change has a value from which they can
 * change it; whether a run has it too is told when one refers to the policy.
 */
export function exampleFor(policy: unknown): Pick<RunSpecInput, 'image' | 'env' | 'params' | 'resources'> {
  const params: Record<string, number> = {};
  const env: Record<string, string> = {};
  for (const change of changesOf(policy)) {
    const bound = change['upTo'] ?? change['downTo'];
    const value = typeof bound === 'number' ? bound : 1;
    for (const name of namesIn(change['params'])) params[name] ??= value;
    for (const name of namesIn(change['env'])) env[name] ??= String(value);
  }
  return { image: 'any', params, env, resources: { memory: '6m', shm: '1m' } };
}

function changesOf(policy: unknown): Record<string, unknown>[] {
  const retries = isObject(policy) ? policy['retries'] : undefined;
  const rules = isObject(retries) ? retries['rules'] : undefined;
  const changes = Array.isArray(rules)
    ? rules.map((rule: unknown) => (isObject(rule) ? rule['change'] : undefined))
    : [];
  return changes.filter(isObject);
}

function namesIn(map: unknown): string[] {
  return isObject(map) ? Object.keys(map) : [];
}
