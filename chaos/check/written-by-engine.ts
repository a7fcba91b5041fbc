import { unfold } from '../padding';

/**
 * What a killed engine wrote of a stream, and so what must be stored of it. What it had read and not written when it was killed is
 * missing from its file: one stretch each time, which begins and ends anywhere. So a line may be there by its end, without its
 * middle, or by its beginning, joined with what came after the stretch.
 *
 * @param printed and `wrote`, what its file has: texts of lines, folded.
 * @returns what its file has instead of the printed lines, wherever that is they without such stretches; elsewhere the printed
 *   lines, as nothing else is an excuse.
 */
export function writtenByEngine(printed: readonly string[], wrote: readonly string[], deaths: number): string[] {
  let stretches = deaths;
  return sectionsOf(printed, wrote).flatMap((section) => {
    const missing = stretchesMissing(textOf(section.wrote), textOf(section.printed));
    const isExplained = missing <= stretches;
    if (isExplained) stretches -= missing;
    return [...(isExplained ? section.wrote : section.printed), ...section.end];
  });
}

/** Lines between two that the engine wrote whole, or before the first or after the last of these. */
interface Section {
  printed: string[];
  wrote: string[];
  /** The whole one after them. */
  end: string[];
}

function sectionsOf(printed: readonly string[], wrote: readonly string[]): Section[] {
  const places = new Map(printed.map((text, index) => [text, index]));
  const sections: Section[] = [];
  let from = 0;
  let torn: string[] = [];
  for (const text of wrote) {
    const place = places.get(text) ?? -1;
    if (place < from) torn.push(text);
    else {
      sections.push({ printed: printed.slice(from, place), wrote: torn, end: [text] });
      [from, torn] = [place + 1, []];
    }
  }
  return [...sections, { printed: printed.slice(from), wrote: torn, end: [] }];
}

const textOf = (lines: readonly string[]): string => lines.map((line) => `${unfold(line)}\n`).join('');

/** How many stretches are missing from a text to be the other one; more than any engine can lose where it is no part of it. */
function stretchesMissing(text: string, whole: string): number {
  if (text === whole) return 0;
  if (text.length >= whole.length) return Infinity;
  const begun = commonLength(text.length, (at) => text[at] === whole[at]);
  const rest = text.slice(begun);
  if (whole.endsWith(rest)) return 1;
  const ended = commonLength(rest.length, (at) => rest.at(-1 - at) === whole.at(-1 - at));
  const middle = rest.slice(0, rest.length - ended);
  return whole.slice(begun, whole.length - ended).includes(middle) ? 2 : Infinity;
}

function commonLength(most: number, isCommon: (at: number) => boolean): number {
  let length = 0;
  while (length < most && isCommon(length)) length += 1;
  return length;
}
