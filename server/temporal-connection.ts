import { setTimeout as delay } from 'node:timers/promises';

import { Connection } from '@temporalio/client';

/**
 * How long Temporal keeps an ended workflow. Its development server's own 24 hours are less than people look back, and an
 * Idempotency-Key is only recognised while the run's workflow is kept.
 */
const RETENTION_DAYS = 30;
const RETENTION_SECONDS = RETENTION_DAYS * 24 * 60 * 60;

/** Resolves when the namespace answers; asks until `signal` is aborted, then rejects with the last cause. */
export async function temporalAnswers(address: string, namespace: string, signal: AbortSignal): Promise<void> {
  let cause: unknown = new Error('nobody asked it');
  while (!signal.aborted) {
    try {
      return await withConnection(address, async ({ workflowService }) => {
        await workflowService.describeNamespace({ namespace });
      });
    } catch (error) {
      cause = error;
    }
    await delay(100, undefined, { signal }).catch(() => undefined);
  }
  throw cause;
}

/** Has Temporal keep ended workflows for 30 days, where it would keep them for less. */
export async function keepEndedWorkflows(address: string, namespace: string): Promise<void> {
  await withConnection(address, async ({ workflowService }) => {
    const { config } = await workflowService.describeNamespace({ namespace });
    if (Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) >= RETENTION_SECONDS) return;
    await workflowService.updateNamespace({
      namespace,
      config: { workflowExecutionRetentionTtl: { seconds: RETENTION_SECONDS as never } },
    });
  });
}

async function withConnection<T>(address: string, use: (connection: Connection) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address, connectTimeout: '1 second' });
  try {
    return await connection.withDeadline(Date.now() + 2_000, () => use(connection));
  } finally {
    await connection.close();
  }
}
