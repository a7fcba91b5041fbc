import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { TestWorkflowEnvironment } from '@temporalio/testing';

import { CONTROL_TASK_QUEUE, LABELS, RUN_WORKFLOW } from '../../contract/names';
import type { RunStatus } from '../../contract/run';
import type { RunSubmission } from '../../contract/spec';
import { isEndState } from '../../contract/state';
import { openLogStore } from '../../store/file-log-store';
import { openRunStore } from '../../store/sqlite-run-store';
import { TEST_IMAGE } from '../helpers/engine';
import type { OwnEngine } from '../helpers/own-engine';
import { startTemporal } from '../helpers/temporal';
import { testName } from '../helpers/test-owner';
import { until } from '../helpers/until';
import { allLines, python } from '../host/helpers';
import { killWorkers, spawnWorker, type WorkerProcess } from '../worker/worker-process';

/** The host of these tests, as sentences name it. */
export const HOST = 'trouble-host';

/** A worker in a process of its own with a Temporal of its own, and runs that are started in that. */
export interface TroubleSuite {
  data: string;
  worker: WorkerProcess;
  /** Starts a Python program as a run; returns its id. */
  start(program: string, submission?: Partial<RunSubmission>): Promise<string>;
  /** The run as its workflow tells it. */
  status(id: string): Promise<RunStatus>;
  /** The run once its workflow has told this of it, and what it has told. */
  tells(id: string, condition: (status: RunStatus) => boolean, timeoutMs?: number): Promise<RunStatus>;
  /** The run at its end. */
  ended(id: string, timeoutMs?: number): Promise<RunStatus>;
  /** The notes among the run's events, oldest first. */
  notes(id: string): Promise<string[]>;
  lines(id: string): Promise<string[]>;
  /** The id of the container of its newest attempt, once that runs. */
  container(id: string): Promise<string>;
  /** Kills the worker without warning and starts another in its place. */
  replaceWorker(between?: () => Promise<void>): Promise<void>;
  dispose(): Promise<void>;
}

type Docker = Pick<OwnEngine, 'dockerHost' | 'engine'>;

/**
 * @param docker the engine, and a client of it to remove what is left there; it may still be starting.
 * @param prepare called with the data folder, before there is a worker.
 */
export async function troubleSuite(
  docker: Docker | Promise<Docker>,
  prepare: (data: string) => void = () => {},
): Promise<TroubleSuite> {
  const [temporal, { dockerHost, engine }] = await Promise.all([startTemporal(), docker]);
  const data = mkdtempSync(join(tmpdir(), 'trainyard-trouble-'));
  prepare(data);
  const installation = testName('trouble');
  const worker = (): WorkerProcess =>
    spawnWorker({
      DOCKER_HOST: dockerHost,
      TEMPORAL_ADDRESS: temporal.address,
      TRAINYARD_DATA: data,
      TRAINYARD_HOST_NAME: HOST,
      TRAINYARD_INSTALLATION: installation,
    });
  const suite: TroubleSuite = {
    data,
    worker: worker(),
    ...runs(temporal, data),
    replaceWorker: async (between = async () => undefined) => {
      suite.worker.child.kill('SIGKILL');
      await suite.worker.ended;
      await between();
      suite.worker = worker();
      await suite.worker.ready();
    },
    dispose: async () => {
      await killWorkers();
      await temporal.teardown();
      const left = await engine.listContainers({ [LABELS.installation]: installation });
      for (const { id } of left) await engine.removeContainer(id);
      rmSync(data, { recursive: true });
    },
  };
  await suite.worker.ready();
  return suite;
}

type Runs = Pick<TroubleSuite, 'start' | 'status' | 'tells' | 'ended' | 'notes' | 'lines' | 'container'>;

function runs({ client: { workflow } }: TestWorkflowEnvironment, data: string): Runs {
  const logs = openLogStore(data, { segmentBytes: 10_000_000 });
  const status: Runs['status'] = async (id) => workflow.getHandle(id).query<RunStatus>('status');
  const tells: Runs['tells'] = (id, condition, timeoutMs = 60_000) =>
    until(
      async () => {
        const now = await status(id);
        if (condition(now)) return now;
        throw new Error(`the run is ${JSON.stringify(now)}`);
      },
      { timeoutMs, everyMs: 100 },
    );
  return {
    status,
    tells,
    start: async (program, submission = {}) => {
      const workflowId = `trouble-${randomBytes(4).toString('hex')}`;
      const whole = {
        image: TEST_IMAGE,
        pullPolicy: 'never',
        command: python(program),
        resources: SMALL,
        ...submission,
      };
      await workflow.start(RUN_WORKFLOW, { taskQueue: CONTROL_TASK_QUEUE, workflowId, args: [whole] });
      return workflowId;
    },
    ended: (id, timeoutMs) => tells(id, ({ run }) => isEndState(run.state), timeoutMs),
    notes: async (id) => {
      const store = await openRunStore(data);
      try {
        const events = await store.listEvents(id, 0, 500);
        return events.filter(({ type }) => type === 'note').map(({ message }) => message);
      } finally {
        await store.close();
      }
    },
    lines: async (id) => (await allLines(logs, id)).map(({ text }) => text),
    container: async (id) => {
      const { attempts } = await tells(id, ({ run }) => run.state === 'running');
      return attempts.at(-1)!.containerId!;
    },
  };
}

/** A policy that tries again soon for causes that are not the run's. */
export const SOON = { retries: { delay: '100ms' } };

/** For several runs to start at once on a busy machine, and for a log to be read up. */
export const PATIENT = { timeoutMs: 60_000 };

/** Several runs of one test have room on a small machine. */
const SMALL = { cpus: 0.2, memory: '256m' };

/** Of a program that waits for ever in its first attempt and, in the next, ends at once. */
export const SECOND_TIME_LUCKY = `
import os, signal, sys, time
attempt = int(os.environ["TRAINYARD_ATTEMPT"])
print("attempt", attempt)
if attempt > 1: sys.exit(0)
`;

/** A program that prints `here` and ends with this exit code when {@link end} says so. */
export const ends = (exitCode: number): string =>
  `import os, time\nprint("here")\nwhile not os.path.exists("/artifacts/end"): time.sleep(0.05)\nraise SystemExit(${exitCode})`;

export function end({ data }: Pick<TroubleSuite, 'data'>, id: string): void {
  writeFileSync(join(data, 'artifacts', id, 'end'), '');
}
