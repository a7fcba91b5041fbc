import { PLAIN_CAPACITY } from '../../../contract/run-capacity';
import { openRunStore } from '../../../store/sqlite-run-store';

/** Opens the run store of a data folder at a moment that others open it too, and writes to it. */
const [folder, at, runId] = process.argv.slice(2) as [string, string, string];

async function main(): Promise<void> {
  while (Date.now() < Number(at)) await new Promise((resolve) => setImmediate(resolve));
  const store = await openRunStore(folder);
  for (let seq = 1; seq <= 50; seq += 1) {
    await store.applyUpdate({
      revision: seq,
      run: { ...RUN, id: runId, name: runId },
      attempts: [],
      events: [{ runId, seq, at: RUN.createdAt, type: 'note', state: 'running', attempt: 0, message: 'Here.' }],
    });
  }
  await store.close();
  process.stdout.write('done\n');
}

const RUN = {
  state: 'running' as const,
  reason: null,
  message: null,
  attempt: 0,
  host: null,
  exitCode: null,
  createdAt: '2026-11-24T03:00:00.000Z',
  startedAt: null,
  endedAt: null,
  image: 'trainyard/test:1',
  imageDigest: null,
  recipe: null,
  schedule: null,
  rerunOf: null,
  ...PLAIN_CAPACITY,
  gangOf: null,
  rank: null,
  policy: null,
  firstFailure: null,
  labels: {},
  params: {},
};

void main();
