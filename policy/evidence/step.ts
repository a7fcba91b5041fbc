/**
 * The step that training had come to, as the last lines of its log tell it: the highest number behind the word `step`,
 * `iteration`, `iter` or `epoch`, in any of the forms in which programs write it, such as `step 12`, `step=12`, `"step": 12`,
 * `Step [12/938]`, `global_step: 12` and `epoch 3/30`.
 *
 * Steps and iterations go before epochs. One with a total, such as `step 12/938`, begins anew with each epoch wherever epochs
 * are named, too, so it does not count there. Words in the plural (`epochs: 30`) are settings and say nothing.
 *
 * @returns null where no line names any.
 */
export function highestStep(lines: readonly string[]): number | null {
  const found = lines.flatMap((line) => stepsIn(line));
  const epochs = found.filter(({ isEpoch }) => isEpoch);
  const steps = found.filter(({ isEpoch, hasTotal }) => !isEpoch && !(hasTotal && epochs.length > 0));
  const numbers = (steps.length > 0 ? steps : epochs).map(({ number }) => number);
  // There may be more of them than a call takes arguments.
  return numbers.reduce<number | null>((highest, number) => Math.max(highest ?? 0, number), null);
}

interface NamedStep {
  number: number;
  isEpoch: boolean;
  hasTotal: boolean;
}

/** Takes linear time: what repeats is bounded, and so is what is tried from each place. */
const NAMED_STEP =
  /(?<![\w-])(?:global[_ ]|train[_ ])?(step|iteration|iter|epoch)["']?[ \t]{0,3}[:=#[(]{0,2}[ \t]{0,3}(\d{1,15})(?!\d)(\s{0,2}\/\s{0,2}\d| of \d)?/gi;

function stepsIn(line: string): NamedStep[] {
  return [...line.matchAll(NAMED_STEP)].map(([, word, number, total]) => ({
    number: Number(number),
    isEpoch: word!.toLowerCase() === 'epoch',
    hasTotal: total !== undefined,
  }));
}
