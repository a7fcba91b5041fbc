import { sql as m000001 } from './000001';
import { sql as m000002 } from './000002';
import { sql as m000003 } from './000003';
import { sql as m000004 } from './000004';
import { sql as m000005 } from './000005';
import { sql as m000006 } from './000006';
import { sql as m000007 } from './000007';

/** Every migration in order; number n is at place n - 1. One that was released is never changed. */
export const MIGRATIONS: readonly string[] = [m000001, m000002, m000003, m000004, m000005, m000006, m000007];
