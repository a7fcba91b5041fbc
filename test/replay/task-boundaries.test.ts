import { execFileSync } from 'node:child_process';

import { Worker } from '@temporalio/worker';

import { temporalBinary } from '../helpers/temporal';
import { bundleWorkflows } from '../helpers/workflow-bundle';
import { workflowSuite } from '../helpers/workflow-suite';
import { SCENARIOS } from './scenarios';

const suite = workflowSuite();

interface HistoryEvent {
  eventId: string;
  eventType: string;
  markerRecordedEventAttributes?: { markerName: string };
}

/**
 * A workflow task may end between the result of a local activity and what follows from it, such as when the task is
 * prolonged in that moment. In a replay the result then comes one task earlier than it came in life.
 */
it.each(['is-retried', 'is-suspended-and-resumed'])(
  'a run that %s goes as it went wherever a task ended after a local activity',
  async (scenario) => {
    const workflowBundle = await bundleWorkflows();
    const workflowId = await SCENARIOS[scenario]!(suite);
    const show = ['workflow', 'show', '--workflow-id', workflowId, '--output', 'json', '--address', suite.env.address];
    const { events } = JSON.parse(execFileSync(temporalBinary(), show, { encoding: 'utf8' })) as {
      events: HistoryEvent[];
    };
    const results = events.filter((event) => event.markerRecordedEventAttributes?.markerName === 'core_local_activity');
    expect(results.length).toBeGreaterThan(4);

    for (const { eventId } of results.slice(0, -2)) {
      const history = { events: withTaskAfter(events, Number(eventId)) };
      await Worker.runReplayHistory({ workflowBundle }, history, 'replayed');
    }
  },
  180_000,
);

/** The history with one more workflow task after an event; the events behind it move back, and so do what refers to them. */
function withTaskAfter(events: readonly HistoryEvent[], last: number): HistoryEvent[] {
  const moved = JSON.parse(JSON.stringify(events), (key, value: unknown) =>
    /[eE]ventId$/.test(key) && Number(value) > last ? String(Number(value) + 3) : value,
  ) as HistoryEvent[];
  const task = events.filter(({ eventType }) => /_WORKFLOW_TASK_(SCHEDULED|STARTED|COMPLETED)$/.test(eventType));
  const first = Number(task[0]!.eventId);
  const added = JSON.parse(JSON.stringify(task.slice(0, 3)), (key, value: unknown) =>
    /[eE]ventId$/.test(key) ? String(Number(value) - first + last + 1) : value,
  ) as HistoryEvent[];
  return [...moved.slice(0, last), ...added, ...moved.slice(last)];
}
