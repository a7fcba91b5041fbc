import { setTimeout as sleep } from 'node:timers/promises';

import { cpuSeconds, residentMiB } from './helpers/processes';
import { createPumpHost, type PumpHost } from './helpers/pump-host';
import { circumstances, report, rounded } from './helpers/report';

/**
 * A hundred containers that each print 100 lines a second for a minute: how long after the last line all of them are stored,
 * and what the process of the pumps takes of a processor meanwhile. Each log is checked line by line. The last line is there when its
 * engine says so: a hundred programs on a few processors are late themselves, by what is told, too.
 */
const GOAL_MS = 1000;
const CONTAINERS = 100;
const SECONDS = 60;
const LINES = 100 * SECONDS;
const STARTS_AT_ONCE = 4;
/** The least time from the last start of a container to the first line, so that none begins late. */
const LEAD_MS = 5000;
const POLL_MS = 20;
/** The lines are counted once ahead, so that at the end only the last ones are left to count. */
const COUNT_AHEAD_SECONDS = 15;

/** Ten lines each tenth of a second from an instant on, in seconds since 1970; at last when the last one was printed. */
const print = (startSeconds: number): string[] => [
  'python3',
  '-u',
  '-c',
  `
import time
start = ${startSeconds}
for i in range(${LINES}):
    if i % 10 == 0: time.sleep(max(0, start + i / 100 - time.time()))
    print(f"{i:05d} step loss=0.123456 accuracy=0.98765")`,
];

/** @param args the number of seconds that starting the containers may take; default 120. */
export async function main([startsWithin = '120']: string[]): Promise<void> {
  const before = circumstances();
  const host = await createPumpHost();
  try {
    const beginAt = Date.now() + Number(startsWithin) * 1000;
    await startAll(host, beginAt / 1000);
    const pumps = await host.startPumps();
    if (Date.now() + LEAD_MS > beginAt)
      throw new Error('starting the containers took too long; give them more seconds');
    await sleep(beginAt - Date.now());
    const cpuBefore = cpuSeconds(pumps.pid);
    await sleep(beginAt + (SECONDS - COUNT_AHEAD_SECONDS) * 1000 - Date.now());
    const cpuShare = (cpuSeconds(pumps.pid) - cpuBefore) / (SECONDS - COUNT_AHEAD_SECONDS);
    const during = circumstances();
    await countAll(host);
    const endAt = beginAt + (SECONDS - 0.1) * 1000;
    await sleep(Math.max(0, endAt - Date.now()));
    const storedAt = await whenAllStored(host);
    const lastLineAt = await expectExactLogs(host);
    const behindMs = storedAt - lastLineAt;
    report('log-many', {
      goal: `all stored within ${GOAL_MS} ms of the last line`,
      reached: behindMs <= GOAL_MS,
      behindMs: rounded(behindMs, 0),
      lastLineLateMs: rounded(lastLineAt - endAt, 0),
      cpuShare: rounded(cpuShare, 3),
      memoryMiB: rounded(residentMiB(pumps.pid), 0),
      lines: CONTAINERS * LINES,
      circumstances: { before, during },
    });
  } finally {
    await host.dispose();
  }
}

const runOf = (index: number): string => `many-${index}`;

async function startAll(host: PumpHost, startSeconds: number): Promise<void> {
  const waiting = Array.from({ length: CONTAINERS }, (_, index) => index);
  const starter = async (): Promise<void> => {
    for (let index = waiting.pop(); index !== undefined; index = waiting.pop()) {
      await host.run(runOf(index), print(startSeconds));
    }
  };
  await Promise.all(Array.from({ length: STARTS_AT_ONCE }, starter));
}

async function countAll({ logs }: PumpHost): Promise<void> {
  for (let index = 0; index < CONTAINERS; index += 1) await logs.size(runOf(index));
}

/** The moment when the last of the logs had all its lines. */
async function whenAllStored({ logs }: PumpHost): Promise<number> {
  for (let index = 0; index < CONTAINERS;) {
    const size = await logs.size(runOf(index));
    if ((size?.lines ?? 0) >= LINES) index += 1;
    else await sleep(POLL_MS);
  }
  return Date.now();
}

/** Returns when the last line of all was printed, by the time that its engine gave it. */
async function expectExactLogs({ logs }: PumpHost): Promise<number> {
  let lastLineAt = 0;
  for (let index = 0; index < CONTAINERS; index += 1) {
    let next = 0;
    for await (const lines of logs.read(runOf(index), {})) {
      for (const { text, time } of lines) {
        lastLineAt = Math.max(lastLineAt, Date.parse(time));
        if (Number.parseInt(text, 10) !== next)
          throw new Error(`${runOf(index)}: line ${next} was expected, not ${text}`);
        next += 1;
      }
    }
    if (next !== LINES) throw new Error(`${runOf(index)}: ${next} lines of ${LINES} are there`);
  }
  return lastLineAt;
}
