import { ApplicationFailure, log, TemporalFailure } from '@temporalio/workflow';

/**
 * Tells the sender alone of a message that the pool could not take. Any other error than a failure of Temporal's would fail
 * the workflow task, which is tried again for ever, with every message behind it.
 *
 * @param undo takes back what may have been taken of the message.
 */
export function guarded<Input, Answer>(
  handle: (input: Input) => Answer,
  undo: (input: Input) => void = () => undefined,
): (input: Input) => Answer {
  return (input) => {
    try {
      return handle(input);
    } catch (error) {
      if (error instanceof TemporalFailure) throw error;
      quietly(() => undo(input));
      throw ApplicationFailure.create({
        message: `the pool could not take this message: ${String(error)}; compare it with docs/temporal.md`,
        type: 'pool-fault',
        nonRetryable: true,
        ...(error instanceof Error && { cause: error }),
      });
    }
  };
}

/** The same for what nobody waits for an answer to. */
export function quietly(act: () => void): void {
  try {
    act();
  } catch (error) {
    log.error('the pool could not take a message', { error });
  }
}
