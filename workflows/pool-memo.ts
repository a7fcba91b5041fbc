import { upsertMemo } from '@temporalio/workflow';

import { MEMO } from '../contract/names';
import type { PoolDesk } from './pool-desk';

/** Puts what people have told the pool where it can be read without the pool, also after somebody has ended it. */
export function keepInMemo(desk: PoolDesk): void {
  upsertMemo({ [MEMO.pool]: desk.kept() });
}
