/** Which days a cron expression can mean; only what is needed to tell one that means none. */

const LONGEST_DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const RANGE = /^(?:\*|([0-9a-z]+)(?:-([0-9a-z]+))?)(?:\/(\d+))?$/i;

/**
 * Whether no year has a day that the expression means, such as 31 February. False where it is not understood: whoever takes
 * it then says what is wrong with it.
 */
export function neverComes(cron: string): boolean {
  const [, , days, months] = cron.trim().split(/ +/);
  if (days === undefined || months === undefined) return false;
  const chosen = { days: valuesOf(days, 1, 31), months: valuesOf(months, 1, 12) };
  if (chosen.days === null || chosen.months === null) return false;
  const first = Math.min(...chosen.days);
  // Days of the week make no difference: in time each date falls on each of them.
  return chosen.months.every((month) => first > LONGEST_DAYS[month - 1]!);
}

/** Null where it is no list of values that there are. */
function valuesOf(field: string, least: number, most: number): number[] | null {
  const values: number[] = [];
  for (const part of field.split(',')) {
    const match = RANGE.exec(part);
    if (match === null) return null;
    const [, from, to, step] = match;
    const first = from === undefined ? least : numberOf(from);
    const last = lastOf({ from, to, step }, most);
    const by = step === undefined ? 1 : Number(step);
    if (!(first >= least && last <= most && first <= last && by >= 1)) return null;
    for (let value = first; value <= last; value += by) values.push(value);
  }
  return values;
}

/** `5` is one day, `5/10` each tenth from there on. */
function lastOf(
  { from, to, step }: { from: string | undefined; to: string | undefined; step: string | undefined },
  most: number,
): number {
  if (to !== undefined) return numberOf(to);
  return from === undefined || step !== undefined ? most : numberOf(from);
}

function numberOf(text: string): number {
  const month = MONTHS.indexOf(text.toLowerCase());
  return month === -1 ? Number(text) : month + 1;
}
