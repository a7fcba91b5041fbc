import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

/** What both sides run: the image, and a command that does nothing. */
export const IMAGE = process.env['BENCH_IMAGE'] ?? 'trainyard/base:bookworm';
export const COMMAND = ['true'];

/** Options that give `docker run` what Trainyard gives its containers, so that both ask the same of the engine. */
export const DOCKER_OPTIONS = [
  ...['--rm', '--init', '--network', 'none', '--user', '1000:1000'],
  ...['--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'],
  ...['--cpus', '0.5', '--memory', '256m', '--memory-swap', '256m', '--pids-limit', '512'],
];

/** The same for Trainyard; four fit on a machine of two CPUs. */
const RESOURCES = { cpus: 0.5, memory: '256m', pids: 512 };

interface RunAnswer {
  id: string;
  state: string;
  message: string | null;
}

const POLL_MS = 50;

/**
 * Submits a run, which by default does nothing, and returns its id. Where Temporal does not answer in time the run is sent again, as
 * the answer says; by its key it is the same.
 */
export async function submit(url: string, name: string, more: object = {}): Promise<string> {
  const labels = { bench: name };
  const run = { name, image: IMAGE, command: COMMAND, pullPolicy: 'never', resources: RESOURCES, labels };
  const headers = { 'content-type': 'application/json', 'idempotency-key': randomUUID() };
  for (;;) {
    const response = await fetch(`${url}/v1/runs`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ ...run, ...more }),
    });
    if (response.ok) return ((await response.json()) as RunAnswer).id;
    const text = await response.text();
    if (response.status !== 503) throw new Error(`POST /v1/runs answered ${response.status}: ${text}`);
    await sleep(Number(response.headers.get('retry-after') ?? 1) * 1000);
  }
}

/** Waits until as many runs of the name have succeeded; one that did not is an error. */
export async function allSucceeded(url: string, name: string, count: number): Promise<void> {
  for (;;) {
    const response = await fetch(`${url}/v1/runs?limit=500&label=${encodeURIComponent(`bench:${name}`)}`);
    if (!response.ok) throw new Error(`GET /v1/runs answered ${response.status}: ${await response.text()}`);
    const { items } = (await response.json()) as { items: RunAnswer[] };
    const bad = items.find(({ state }) => state === 'failed' || state === 'cancelled');
    if (bad) throw new Error(`run ${bad.id} ${bad.state}: ${bad.message}`);
    if (items.filter(({ state }) => state === 'succeeded').length === count) return;
    await sleep(POLL_MS);
  }
}
