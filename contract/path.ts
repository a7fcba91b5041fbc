/** Paths of fields as people write them: `policy.retries.rules[0].then`, `env["odd name"]`. */

/** The path of a JSON pointer (RFC 6901), in which every array index is a number. */
export function pathFromPointer(pointer: string): string {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce((path, part) => (/^\d+$/.test(part) ? `${path}[${part}]` : joinPath(path, part)), '');
}

/** The path of a field of what lies at `path`. */
export function joinPath(path: string, key: string): string {
  if (!/^[A-Za-z_][\w-]*$/.test(key)) return `${path}[${JSON.stringify(shorten(key, 80))}]`;
  return path === '' ? key : `${path}.${key}`;
}

/** The path of what lies at `path` in a field. */
export function pathBelow(field: string, path: string): string {
  if (path === '') return field;
  return path.startsWith('[') ? field + path : `${field}.${path}`;
}

/** True where `path` is `ancestor` or lies in it. */
export function liesIn(path: string, ancestor: string): boolean {
  return path === ancestor || path.startsWith(`${ancestor}.`) || path.startsWith(`${ancestor}[`);
}

/** At most `length` characters of a text. */
export function shorten(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
