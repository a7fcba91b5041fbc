import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { upsertSearchAttributes } from '@temporalio/workflow';

import type { RunSearchAttribute } from '../contract/names';

/** Sets search attributes of the workflow; null takes one away. */
export function setSearchAttributes(values: Partial<Record<RunSearchAttribute, string | null>>): void {
  const pairs = Object.entries(values).map(([name, value]) => ({
    key: defineSearchAttributeKey(name, SearchAttributeType.KEYWORD),
    value,
  }));
  upsertSearchAttributes(pairs);
}
