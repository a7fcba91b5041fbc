/** The streams of a program. The engine does not tell the order of lines of different ones, so each is compared by itself. */
export const STREAMS = ['stdout', 'stderr'] as const;

export function textsOf(lines: readonly { stream: string; text: string }[], stream: string): string[] {
  return lines.filter((line) => line.stream === stream).map(({ text }) => text);
}
