/**
 * One object over another: objects go into the objects of the same name, anything else replaces what is there. Neither is
 * changed. What comes from outside must have passed `checkPlainJson`.
 */
export function mergeDeep(base: unknown, over: object): Record<string, unknown> {
  const merged: Record<string, unknown> = { ...(base as object) };
  for (const [key, value] of Object.entries(over)) {
    if (value === undefined) continue;
    const own = Object.hasOwn(merged, key) ? merged[key] : undefined;
    merged[key] = isObject(value) && isObject(own) ? mergeDeep(own, value) : value;
  }
  return merged;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
