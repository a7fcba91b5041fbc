import { Client, Connection, WorkflowNotFoundError } from '@temporalio/client';

import type { RunDetail } from '../../contract/http';
import { LABELS, RUN_WORKFLOW, workflowIdFor } from '../../contract/names';
import type { Facts, RunFacts, StoredLine } from '../check/facts';
import type { Asker } from '../clients/ask';
import { listRuns, type Submitted } from '../clients/workload';
import type { Installation } from '../installation/installation';
import { fold } from '../padding';
import type { EngineNotes } from './engine-logs';
import { stillRuns } from './still-runs';
import { readTruth } from './truth';

export interface CollectDeps {
  installation: Installation;
  /** Of the installation, and label of its runs. */
  name: string;
  asker: Asker;
  submitted: readonly Submitted[];
  engine: EngineNotes;
}

/** Everything that can be known in the end, from the API, Temporal, the engine, and what the containers wrote down. */
export async function collectFacts(deps: CollectDeps): Promise<Omit<Facts, 'engineDeaths' | 'complaints'>> {
  const { installation, name, submitted } = deps;
  const { address, namespace } = installation.temporal;
  const connection = await Connection.connect({ address });
  try {
    const temporal = new Client({ connection, namespace });
    const runs: RunFacts[] = [];
    for (const one of submitted) runs.push(await factsOf(deps, temporal, one));
    return {
      runs,
      strangers: await strangers(deps, temporal),
      left: [
        ...(await installation.engine.containersOf(`${LABELS.installation}=${name}`)),
        ...submitted.filter(({ truth }) => stillRuns(truth)).map(({ key }) => `a program of the submission ${key}`),
      ],
    };
  } finally {
    await connection.close();
  }
}

async function factsOf(
  { asker, engine }: CollectDeps,
  temporal: Client,
  { plan, key, truth, ids, follower }: Submitted,
): Promise<RunFacts> {
  const [id] = ids;
  const common = { kind: plan.kind, key, ids, expected: plan.expected };
  if (id === undefined) return { ...common, run: null, workflow: null, stored: [], executions: [], followed: null };
  const { status, body } = await asker.ask(`/v1/runs/${id}`);
  return {
    ...common,
    run: status === 200 ? (JSON.parse(body) as RunDetail) : null,
    workflow: await workflowStatus(temporal, id),
    stored: status === 200 ? await storedLines(asker, id) : [],
    executions: readTruth(truth, id, engine),
    followed: follower ? { lines: follower.lines, sawEnd: follower.sawEnd() } : null,
  };
}

async function storedLines(asker: Asker, id: string): Promise<StoredLine[]> {
  const { status, body } = await asker.ask(`/v1/runs/${id}/logs?format=ndjson&system=true`);
  if (status !== 200) throw new Error(`the log of ${id} was answered ${status}: ${body}`);
  return body
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as StoredLine)
    .map(({ attempt, stream, text }) => ({ attempt, stream, text: fold(text) }));
}

async function workflowStatus(temporal: Client, id: string): Promise<string | null> {
  try {
    return (await temporal.workflow.getHandle(workflowIdFor(id)).describe()).status.name;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}

/** Runs and workflows that exist without that a client was told of them. */
async function strangers({ asker, name, submitted }: CollectDeps, temporal: Client): Promise<string[]> {
  const known = new Set(submitted.flatMap(({ ids }) => ids));
  const found = new Set((await listRuns({ asker, label: name })).map(({ id }) => id));
  for await (const { workflowId } of temporal.workflow.list({ query: `WorkflowType = '${RUN_WORKFLOW}'` })) {
    found.add(workflowId);
  }
  return [...found].filter((id) => !known.has(id));
}
