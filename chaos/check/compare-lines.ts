/** How a stored sequence of lines differs from the one that was printed, in which each line is unique. */
export interface LineDifference {
  /** Printed and not stored. */
  lost: string[];
  /** Stored once more than printed, as often as that is so. */
  doubled: string[];
  /** Stored and never printed. */
  foreign: string[];
  /** Stored, for the first time, after a line that was printed later. */
  descents: string[];
}

export function compareLines(printed: readonly string[], stored: readonly string[]): LineDifference {
  const place = new Map(printed.map((line, index) => [line, index]));
  const seen = new Set<string>();
  const difference: LineDifference = { lost: [], doubled: [], foreign: [], descents: [] };
  let newest = -1;
  for (const line of stored) {
    const index = place.get(line);
    if (index === undefined) difference.foreign.push(line);
    else if (seen.has(line)) difference.doubled.push(line);
    else {
      if (index < newest) difference.descents.push(line);
      newest = Math.max(newest, index);
      seen.add(line);
    }
  }
  difference.lost = printed.filter((line) => !seen.has(line));
  return difference;
}
