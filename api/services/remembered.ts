export interface RememberOptions {
  /** How long an answer is as good as a new one, in milliseconds. */
  freshMs: number;
  /** How long an older one will do while a new one is asked for; default: not at all. */
  usableMs?: number;
  /** Default: the clock of the machine. */
  now?: () => number;
}

/**
 * Answers of a question by its subject, so that many who ask at once ask once. A question that fails is not remembered; an
 * answer that is still usable stands in for it.
 */
export function remember<T>(
  ask: (subject: string) => Promise<T>,
  { freshMs, usableMs = freshMs, now = Date.now }: RememberOptions,
): { get(subject: string): Promise<T>; forget(subject: string): void } {
  const answers = new Map<string, { value: T; atMs: number }>();
  const asked = new Map<string, Promise<T>>();
  const askNow = (subject: string): Promise<T> => {
    const answer = ask(subject)
      .then((value) => {
        // What was asked before it was to be forgotten may be out of date.
        if (asked.get(subject) === answer) answers.set(subject, { value, atMs: now() });
        return value;
      })
      .finally(() => {
        if (asked.get(subject) === answer) asked.delete(subject);
      });
    asked.set(subject, answer);
    return answer;
  };
  return {
    get: async (subject) => {
      const known = answers.get(subject);
      const ageMs = known === undefined ? Infinity : now() - known.atMs;
      if (known !== undefined && ageMs < freshMs) return known.value;
      const answer = asked.get(subject) ?? askNow(subject);
      if (known === undefined || ageMs >= usableMs) return answer;
      answer.catch(() => undefined);
      return known.value;
    },
    forget: (subject) => {
      answers.delete(subject);
      asked.delete(subject);
    },
  };
}
