/** Work that goes one after the other where it has one key, and side by side where it has not. */
export interface InTurn {
  /** Settles as the act does, which begins when all before it with the same key have settled. */
  run<T>(key: string, act: () => Promise<T>): Promise<T>;
  /** Resolves when nothing is under way. */
  idle(): Promise<void>;
}

export function createInTurn(): InTurn {
  const last = new Map<string, Promise<void>>();

  const run = <T>(key: string, act: () => Promise<T>): Promise<T> => {
    const done = (last.get(key) ?? Promise.resolve()).then(act);
    const settled = done.then(noop, noop).then(() => {
      if (last.get(key) === settled) last.delete(key);
    });
    last.set(key, settled);
    return done;
  };

  return {
    run,
    idle: async () => {
      await Promise.all(last.values());
    },
  };
}

/** How an act ended is for who asked for it; the next only waits for the end. */
function noop(): void {}
