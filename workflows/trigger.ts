/** Something that happens once, and can be waited for. */
export interface Trigger {
  promise: Promise<void>;
  fire(): void;
}

/** The SDK's own `Trigger` rejects when its scope is cancelled; this one only ever resolves. */
export function createTrigger(): Trigger {
  let fire = (): void => {};
  const promise = new Promise<void>((resolve) => {
    fire = resolve;
  });
  return { promise, fire };
}
