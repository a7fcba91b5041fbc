import { WorkflowUpdateFailedError } from '@temporalio/client';

import type { ClaimAnswer, ClaimInput } from '../contract/pool';

/** How a pool is asked; see workflows/pool-messages. */
export interface ClaimMessages {
  one(claim: ClaimInput): Promise<ClaimAnswer>;
  /** Answers in the order of the claims; refused as a whole where the pool refuses one of them, or knows no such message. */
  all(claims: ClaimInput[]): Promise<ClaimAnswer[]>;
}

export type ClaimLine = (claim: ClaimInput) => Promise<ClaimAnswer>;

/** Claims that one message brings. */
const MOST_AT_ONCE = 100;
/** Who has waited for longer to be sent is asked to come again: by then nobody waits for the answer any more. */
const LONGEST_WAIT_MS = 1_000;

interface Waiting {
  claim: ClaimInput;
  sinceMs: number;
  resolve(answer: ClaimAnswer): void;
  reject(error: unknown): void;
}

/**
 * The claims of one process on their way to one pool: one message at a time, with all that came meanwhile. Temporal takes up
 * only a few messages of a workflow at once and throws the others back, so that hundreds that are sent side by side, and sent
 * again, leave it no time for anything else.
 */
export function createClaimLine(messages: ClaimMessages): ClaimLine {
  const line: Waiting[] = [];
  let isSending = false;

  const sendAll = async (): Promise<void> => {
    while (line.length > 0) await send(messages, line.splice(0, MOST_AT_ONCE));
    isSending = false;
  };

  return (claim) =>
    new Promise((resolve, reject) => {
      line.push({ claim, sinceMs: performance.now(), resolve, reject });
      if (isSending) return;
      isSending = true;
      void sendAll();
    });
}

/** Settles all of them; never rejects. */
async function send(messages: ClaimMessages, waiting: readonly Waiting[]): Promise<void> {
  const isLate = ({ sinceMs }: Waiting): boolean => performance.now() - sinceMs > LONGEST_WAIT_MS;
  for (const { reject } of waiting.filter(isLate)) reject(new Error('too many runs ask the pool at once; ask again'));
  const due = waiting.filter((one) => !isLate(one));
  if (due.length > 1) await sendTogether(messages, due);
  else await Promise.all(due.map(async (one) => sendAlone(messages, one)));
}

async function sendTogether(messages: ClaimMessages, due: readonly Waiting[]): Promise<void> {
  try {
    const answers = await messages.all(due.map(({ claim }) => claim));
    for (const [index, { resolve }] of due.entries()) resolve(answers[index]!);
  } catch (error) {
    if (!(error instanceof WorkflowUpdateFailedError)) return due.forEach(({ reject }) => reject(error));
    for (const one of due) await sendAlone(messages, one);
  }
}

async function sendAlone(messages: ClaimMessages, { claim, resolve, reject }: Waiting): Promise<void> {
  await messages.one(claim).then(resolve, reject);
}
