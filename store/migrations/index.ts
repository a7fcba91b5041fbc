import { sql as m000001 } from './000001';

/** Every migration in order; number n is at place n - 1. One that was released is never changed. */
export const MIGRATIONS: readonly string[] = [m000001];
