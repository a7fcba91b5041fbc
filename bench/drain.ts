import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

import { LABELS } from '../contract/names';
import { circumstances, median, report, rounded } from './helpers/report';
import { allSucceeded, submit } from './helpers/runs';
import { startServer } from './helpers/server';

/**
 * Five hundred runs that do nothing, submitted at once to one host that has room for twenty: do they drain without a stall, and
 * never more at once than there is room for? Told by the engine's own events.
 */
const RUNS = 500;
const AT_ONCE = 20;
/** The longest that nothing may start while runs wait, in seconds. */
const GOAL_SECONDS = 10;
const NAME = 'drain';

interface Span {
  from: number;
  to: number;
}

export async function main([count = String(RUNS)]: string[]): Promise<void> {
  const runs = Number(count);
  const before = circumstances();
  const events = watchContainers();
  const server = await startServer({ TRAINYARD_HOST_CPUS: '2' });
  try {
    const ids: string[] = [];
    while (ids.length < runs) {
      const wave = Array.from({ length: Math.min(50, runs - ids.length) }, () =>
        submit(server.url, NAME, { resources: { cpus: 2 / AT_ONCE, memory: '64m' } }),
      );
      ids.push(...(await Promise.all(wave)));
    }
    await allSucceeded(server.url, NAME, runs);
    const spans = spansOf(events.lines, new Set(ids));
    const starts = spans.map(({ from }) => from).toSorted((one, other) => one - other);
    const gaps = starts.slice(1).map((start, index) => start - starts[index]!);
    const longestGap = Math.max(...gaps);
    const most = mostAtOnce(spans);
    report('drain', {
      goal: `no gap between two starts over ${GOAL_SECONDS} s, at most ${AT_ONCE} at once, each run started once`,
      reached: longestGap <= GOAL_SECONDS && most <= AT_ONCE && spans.length === runs,
      runs,
      containers: spans.length,
      mostAtOnce: most,
      seconds: rounded(starts.at(-1)! - starts[0]!),
      runsPerSecond: rounded(runs / (starts.at(-1)! - starts[0]!), 2),
      gapSeconds: { median: rounded(median(gaps), 3), longest: rounded(longestGap, 2) },
      circumstances: { before, after: circumstances() },
    });
  } finally {
    events.stop();
    await server.stop();
  }
}

/** Listens to the engine: it keeps only some hundred of its events for those who come later. */
function watchContainers(): { lines: string[]; stop(): void } {
  const format = `{{.Action}} {{.TimeNano}} {{.Actor.ID}} {{index .Actor.Attributes "${LABELS.run}"}}`;
  const filters = ['--filter', 'event=start', '--filter', 'event=die', '--format', format];
  const child = spawn('docker', ['events', ...filters], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  return { lines, stop: () => void child.kill() };
}

/** From start to end of every container of the runs, in seconds. */
function spansOf(lines: readonly string[], ids: ReadonlySet<string>): Span[] {
  const spans = new Map<string, Span>();
  for (const line of lines) {
    const [action, time, container = '', run = ''] = line.split(' ');
    if (!ids.has(run)) continue;
    const known = spans.get(container) ?? { from: NaN, to: NaN };
    spans.set(container, { ...known, [action === 'start' ? 'from' : 'to']: Number(time) / 1e9 });
  }
  return [...spans.values()];
}

function mostAtOnce(spans: readonly Span[]): number {
  const changes = spans.flatMap(({ from, to }) => [
    { at: from, by: 1 },
    { at: to, by: -1 },
  ]);
  let now = 0;
  let most = 0;
  for (const { by } of changes.toSorted((one, other) => one.at - other.at || one.by - other.by)) {
    now += by;
    most = Math.max(most, now);
  }
  return most;
}
