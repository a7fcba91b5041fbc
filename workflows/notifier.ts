import { CancellationScope, ParentClosePolicy, startChild, uuid4 } from '@temporalio/workflow';

import { nameTarget, type SendNotificationInput } from '../contract/notification';
import { notifyWorkflowIdFor, NOTIFY_WORKFLOW } from '../contract/names';
import type { RunReport } from '../contract/run';
import type { RunSpec } from '../contract/spec';
import { HEARD_NOTHING, MOST_NOTIFICATIONS, planNotifications, type Plan } from '../policy/notifications';
import type { RetryDecision } from '../policy/retry';

/** What it needs of a run. */
interface Teller {
  report(): RunReport;
  /** Puts a sentence into the events of the run. */
  note(message: string): void;
}

/**
 * Tells the targets of a run what becomes of it. Each notification is a workflow of its own, which outlives the run: a
 * receiver that is away for hours holds up nothing. A run without targets starts none.
 */
export class Notifier {
  private heard = HEARD_NOTHING;
  private rule: string | null = null;
  private count = 0;
  private readonly starts: Promise<void>[] = [];

  constructor(private readonly life: Teller) {}

  /** What the policy decided of the attempt that just ended; where a rule did, it is told with what follows. */
  decided({ rule, because }: Pick<RetryDecision, 'rule' | 'because'>): void {
    const name = `policy.retries.rules[${rule}]`;
    const text = because.includes(name) ? because : `${name}: ${because}`;
    this.rule = rule === null ? null : text;
  }

  /** The run has entered a state. */
  entered(): void {
    const report = this.life.report();
    // Absent in histories from before there were notifications.
    const targets = (report.spec as RunSpec | null)?.notify ?? [];
    const plan = planNotifications(targets, this.heard, report, this.rule);
    this.heard = plan.heard;
    this.rule = null;
    const at = new Date().toISOString();
    for (const each of plan.due) this.tell(each, at);
    if (plan.fallsSilent) this.life.note(`After ${MOST_NOTIFICATIONS} notifications only the end of the run is told.`);
  }

  /** Resolves when Temporal has all that is to be told; the run may end then. */
  async started(): Promise<void> {
    await Promise.all(this.starts);
  }

  private tell({ target, content }: Plan['due'][number], at: string): void {
    const { url, urlSecret, form, secret } = target;
    this.count += 1;
    const input = { target: { url, urlSecret, form, secret }, notification: { id: uuid4(), at, ...content } };
    this.starts.push(this.start(this.count, input));
  }

  private async start(n: number, input: SendNotificationInput): Promise<void> {
    const { notification, target } = input;
    const { id, state } = notification.run;
    try {
      await CancellationScope.nonCancellable(async () =>
        startChild(NOTIFY_WORKFLOW, {
          workflowId: notifyWorkflowIdFor(id, n),
          args: [input],
          parentClosePolicy: ParentClosePolicy.ABANDON,
          staticSummary: `Tells ${nameTarget(target)} that ${notification.run.name} is ${state}`.slice(0, 180),
        }),
      );
    } catch (error) {
      // There is a workflow with this id: a run of the same id before this one still tries to tell its own.
      this.life.note(`Notification ${n} is not sent: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}
