export interface Queue {
  /** Runs works one after another, in the order of the calls. When one fails, those that wait behind it fail with it. */
  run<T>(work: () => Promise<T>): Promise<T>;
  /** Resolves when all works so far have ended, however they did. */
  idle(): Promise<void>;
}

export function createQueue(): Queue {
  let last: Promise<void> = Promise.resolve();
  let failures = 0;
  let failure: unknown;

  return {
    run<T>(work: () => Promise<T>): Promise<T> {
      const failuresAtCall = failures;
      const result = last.then(async () => {
        if (failures !== failuresAtCall) throw failure;
        try {
          return await work();
        } catch (error) {
          failures += 1;
          failure = error;
          throw error;
        }
      });
      // The caller gets the failure; the queue itself only waits.
      last = result.then(
        () => {},
        () => {},
      );
      return result;
    },
    idle: () => last,
  };
}
