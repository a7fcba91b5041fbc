import type { Evidence } from '../../contract/evidence';
import type { EndReason } from '../../contract/reason';
import { signalOf } from '../../contract/signals';
import type { Retries } from '../../contract/spec';
import type { AttemptFacts } from '../../policy/match-rules';
import { decideRetry } from '../../policy/retry';
import { EMPTY_LEDGER } from '../../policy/retry-ledger';

export const RETRIES: Retries = {
  attempts: 3,
  delay: '5s',
  factor: 1,
  maxDelay: '5m',
  infrastructure: 5,
  sameFailure: 2,
  rules: [],
};

export const NO_EVIDENCE: Evidence = {
  signal: null,
  outOfMemory: false,
  peakMemoryBytes: null,
  cpuSeconds: null,
  traceback: null,
  hint: null,
  step: null,
  checkpoint: null,
};

/** An attempt that ended with an exit code, as policy/outcome reads it. */
export function exit(exitCode: number, evidence: Partial<Evidence> = {}, matchedLogs: number[] = []): AttemptFacts {
  const signal = signalOf(exitCode);
  const ending =
    signal === undefined
      ? { reason: 'exit-code' as const, exitCode, detail: { exitCode } }
      : { reason: 'killed-by-signal' as const, exitCode, detail: { signal } };
  return { ending, evidence: { ...NO_EVIDENCE, ...evidence }, matchedLogs };
}

export function outOfMemory(): AttemptFacts {
  const evidence = { ...NO_EVIDENCE, outOfMemory: true };
  return { ending: { reason: 'out-of-memory', exitCode: 137, detail: {} }, evidence, matchedLogs: [] };
}

export function of(reason: EndReason, exitCode: number | null = null): AttemptFacts {
  return { ending: { reason, exitCode, detail: {} }, evidence: null, matchedLogs: [] };
}

/** The waits that a policy decides on for attempts one after another, until it says no. */
export function decide(retries: Retries, attempts: readonly AttemptFacts[]): (number | false)[] {
  const verdicts: (number | false)[] = [];
  let ledger = EMPTY_LEDGER;
  for (const facts of attempts) {
    const decision = decideRetry(retries, ledger, facts);
    ledger = decision.ledger;
    verdicts.push(decision.retry ? decision.delayMs : false);
    if (!decision.retry) break;
  }
  return verdicts;
}
