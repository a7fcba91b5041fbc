/**
 * Options of a worker that let its workflow code take as long as it takes; there is none that is meant to be set. By default
 * the SDK ends a step of a workflow after 5 s by the clock on the wall, which a process that was frozen, or a machine that was
 * suspended, exceeds without fault of the step. Node then ends the code without its `finally`, so that the cancellation scope
 * which was current stays so for every workflow that this thread runs afterwards: none of them hears a cancel any more.
 */
export const UNLIMITED_STEPS = { isolateExecutionTimeout: '4294967295ms' };
