import { CancellationScope } from '@temporalio/workflow';

import type { NodeEnd, NodeInput } from '../contract/gang';
import type { Attempt } from '../contract/run';
import type { RunSpec } from '../contract/spec';
import { listen } from './listen';
import { runPlaced } from './placed-attempt';
import { RunLife } from './run-life';

/**
 * One node of a gang but the first, as a run of its own: its own container, log and events. It has one attempt, on the lease
 * that the gang was granted, and ends as its container does; what comes of that is for the gang to say. Only the workflow of
 * a gang starts it (workflows/gang), and cancels it as a user would.
 */
export async function nodeWorkflow(input: NodeInput): Promise<NodeEnd> {
  const { specHash, place, lease } = input;
  const spec = specOfNode(input.spec);
  const { name, image, params, labels } = spec;
  const life = new RunLife({ name, image, params, labels }, place);
  listen(life);
  return CancellationScope.nonCancellable(async () => {
    life.admitted({ spec, specHash, recipe: null, assigned: null });
    const attempt = life.attemptBegins([]);
    const { host, asProcess, engineAwaySince } = lease;
    const assigned = { host, lease, ...(asProcess && { asProcess, engineAwaySince }) };
    const epoch = life.begins(assigned);
    const { ending, findings } = await runPlaced(life, epoch, { spec, specHash, attempt, assigned, gang: place });
    life.attemptEnded(ending);
    life.ends(ending);
    await life.recorded();
    const { evidence = null }: Partial<Attempt> = life.attempts.at(-1) ?? {};
    return { ...ending, findings, evidence };
  });
}

/** Who hears of the run hears of it from the gang; and where only the first node writes a log, the others are not silent. */
function specOfNode(spec: RunSpec): RunSpec {
  const { silence: _, ...timeouts } = spec.policy.timeouts;
  return { ...spec, notify: [], policy: { ...spec.policy, timeouts } };
}
