/** What one check of `trainyard doctor` found. */
export interface Finding {
  /** `warn`: it works, but not as well as it could. `fail`: runs cannot work. */
  verdict: 'ok' | 'warn' | 'fail';
  /** What was looked at. */
  what: string;
  /** What was found, as a sentence. */
  finding: string;
  /** What to do about it; only where something is to be done. */
  mend?: string;
}

export function ok(what: string, finding: string): Finding {
  return { verdict: 'ok', what, finding };
}

export function warn(what: string, finding: string, mend: string): Finding {
  return { verdict: 'warn', what, finding, mend };
}

export function fail(what: string, finding: string, mend: string): Finding {
  return { verdict: 'fail', what, finding, mend };
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
