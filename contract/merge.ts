/** An object over another: maps go into maps, anything else, a list too, replaces what was there. */
export function mergeDeep(base: unknown, over: object): Record<string, unknown> {
  const merged: Record<string, unknown> = { ...(base as object) };
  for (const [key, value] of Object.entries(over)) {
    if (value === undefined) continue;
    const own = Object.hasOwn(merged, key) ? merged[key] : undefined;
    merged[key] = isObject(value) && isObject(own) ? mergeDeep(own, value) : value;
  }
  return merged;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
