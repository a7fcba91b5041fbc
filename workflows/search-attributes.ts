import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { upsertSearchAttributes } from '@temporalio/workflow';

import type { RunSearchAttribute } from '../contract/names';

/** Search attributes by name; null takes one away. */
type Values = Partial<Record<RunSearchAttribute, string | null>>;

/**
 * Sets search attributes of the workflow. What is set in one turn becomes one event of the history, for each is a write of
 * Temporal's.
 *
 * @param together whether it does; else each call is an event.
 */
export function createAttributes(together: () => boolean): (values: Values) => void {
  let waiting: Values | null = null;
  const upsertWaiting = (): void => {
    upsert(waiting ?? {});
    waiting = null;
  };
  return (values) => {
    if (!together()) return upsert(values);
    if (waiting === null) void Promise.resolve().then(upsertWaiting);
    waiting = { ...waiting, ...values };
  };
}

function upsert(values: Values): void {
  const pairs = Object.entries(values).map(([name, value]) => ({
    key: defineSearchAttributeKey(name, SearchAttributeType.KEYWORD),
    value,
  }));
  upsertSearchAttributes(pairs);
}
