/** The known word that a misspelt one most likely stands for; undefined where none is near. */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  const lower = word.toLowerCase();
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.min(3, Math.floor(word.length / 3))) + 1;
  for (const candidate of known) {
    const distance = editDistance(lower, candidate.toLowerCase(), bestDistance);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/**
 * Insertions, deletions, replacements and swaps of neighbours that make one text of the other (optimal string alignment);
 * `limit` where it is that or more.
 */
function editDistance(from: string, to: string, limit: number): number {
  // Names come from strangers: without this a long one would cost its length times that of every known name.
  if (Math.abs(from.length - to.length) >= limit) return limit;
  let twoBack: number[] = [];
  let oneBack = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const same = from[row - 1] === to[column - 1];
      let cost = Math.min(current[column - 1]! + 1, oneBack[column]! + 1, oneBack[column - 1]! + (same ? 0 : 1));
      const swapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (swapped) cost = Math.min(cost, twoBack[column - 2]! + 1);
      current.push(cost);
    }
    twoBack = oneBack;
    oneBack = current;
  }
  return Math.min(limit, oneBack[to.length]!);
}
