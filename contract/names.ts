/** Every id, queue, label and workflow name, each made here and nowhere else, and undone by its twin where one is needed. */

export const CONTROL_TASK_QUEUE = 'trainyard';

export const RUN_WORKFLOW = 'runWorkflow';

/** Delivers one notification of a run, for as long as that takes. */
export const NOTIFY_WORKFLOW = 'notifyWorkflow';

/** A node of a gang but the first; started by the workflow of the gang. */
export const GANG_NODE_WORKFLOW = 'nodeWorkflow';

/** The queue of one pool of hosts, for as long as there is the pool. */
export const POOL_WORKFLOW = 'poolWorkflow';
export const DEFAULT_POOL = 'default';

/** Removes old logs; started by the schedule of Temporal that has the id below, which is also the beginning of its ids. */
export const RETENTION_WORKFLOW = 'retentionWorkflow';
export const RETENTION_SCHEDULE = 'trainyard-retention';

/** Search attributes of a run's workflow; all keywords. See docs/temporal.md. */
export const SEARCH_ATTRIBUTES = ['RunState', 'RunReason', 'RunHost', 'RunName', 'RunRecipe', 'RunSchedule'] as const;

export type RunSearchAttribute = (typeof SEARCH_ATTRIBUTES)[number];

/** Memo keys that a starter of `runWorkflow` may set. */
export const MEMO = {
  /** SHA-256 of the submission, by which an Idempotency-Key that is used for something else is recognised. */
  submissionHash: 'submissionHash',
  /** Name of the schedule that started the run. */
  schedule: 'schedule',
  /** Id of the run that this one repeats. */
  rerunOf: 'rerunOf',
  /** Name of the recipe that the repeated run was made from. */
  recipe: 'recipe',
  /** Who asked for a rerun. */
  by: 'by',
  /**
   * Lease epoch of the run, once it is more than 1: a container with a smaller one is stale, wherever it is. It stands in
   * the memo because Temporal answers that, from the run's own state, without any worker.
   */
  epoch: 'epoch',
  /** Of a pool: what people have told it, for an execution that begins anew. */
  pool: 'pool',
} as const;

/** Label keys of our containers. Identity is in the labels; the name is only for people. */
export const LABELS = {
  run: 'trainyard.run',
  attempt: 'trainyard.attempt',
  /** Fencing token: a number that only grows within a run. */
  epoch: 'trainyard.epoch',
  specHash: 'trainyard.spec-hash',
  host: 'trainyard.host',
  /** Tells two installations on one engine apart; each touches only its own containers. */
  installation: 'trainyard.installation',
  /** {@link PROCESS_FORM} on what is a local process and no container; absent on containers. */
  form: 'trainyard.form',
  /** Ids of the GPUs that it was given, separated by commas; absent where it has none. */
  gpus: 'trainyard.gpus',
  /** What it was given of the others; absent on containers of before there was this. */
  cpus: 'trainyard.cpus',
  /** In bytes. */
  memory: 'trainyard.memory',
} as const;

export const PROCESS_FORM = 'process';

/** Environment variables and paths that a container finds. */
export const CONTAINER = {
  paramsFile: '/trainyard/params.json',
  artifactsFolder: '/artifacts',
  /** Where the spec says nothing else. */
  checkpointsFolder: '/checkpoints',
  runEnv: 'TRAINYARD_RUN_ID',
  attemptEnv: 'TRAINYARD_ATTEMPT',
  paramEnvPrefix: 'TRAINYARD_PARAM_',
  /** Ids of the GPUs that it was given, separated by commas; not set where it has none. */
  gpusEnv: 'TRAINYARD_GPUS',
  checkpointFolderEnv: 'TRAINYARD_CHECKPOINT_DIR',
  /** `1` where there is a checkpoint to go on from; else not set. */
  resumeEnv: 'TRAINYARD_RESUME',
  /** The newest complete checkpoint, where there is one. */
  checkpointEnv: 'TRAINYARD_CHECKPOINT',
} as const;

/**
 * What a container of a gang finds, under the names that launchers of distributed training read: PyTorch's `env://` and
 * `torchrun --nnodes $NNODES --node-rank $NODE_RANK --master-addr $MASTER_ADDR --master-port $MASTER_PORT`.
 */
export const GANG_ENV = {
  rank: ['RANK', 'NODE_RANK', 'TRAINYARD_NODE_RANK'],
  worldSize: ['WORLD_SIZE', 'NNODES', 'TRAINYARD_NODES'],
  masterAddress: ['MASTER_ADDR', 'TRAINYARD_MASTER_ADDRESS'],
  masterPort: ['MASTER_PORT', 'TRAINYARD_MASTER_PORT'],
} as const;

/** What an id of a run looks like: also a file name, part of a URL and, with `:` replaced, of a container name. */
export const RUN_ID_PATTERN = '^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$';

const RUN_ID = new RegExp(RUN_ID_PATTERN);

export function isRunId(text: string): boolean {
  return RUN_ID.test(text);
}

/** Id of a new run: the name, shortened, and a suffix that makes it unique. `suffix` is base 32 in lower case. */
export function runIdFor(name: string, suffix: string): string {
  return `${slug(name).slice(0, 40).replace(/-+$/, '') || 'run'}-${suffix}`;
}

/** The workflow id of a run is the run's id. */
export function workflowIdFor(runId: string): string {
  return runId;
}

/** Workflow id of the n-th notification of a run. */
export function notifyWorkflowIdFor(runId: string, n: number): string {
  return `${runId}-notify-${n}`;
}

/** Workflow id of a pool. */
export function poolWorkflowIdFor(pool: string): string {
  return `pool-${pool}`;
}

export function poolFromWorkflowId(workflowId: string): string | undefined {
  return workflowId.startsWith('pool-') ? workflowId.slice('pool-'.length) : undefined;
}

/** Task queue of the short operations on a host's engine. */
export function hostTaskQueue(host: string): string {
  return `trainyard-host-${host}`;
}

/** Task queue of the long follows on a host; separate, so that they never take the slots of the short operations. */
export function followTaskQueue(host: string): string {
  return `trainyard-host-${host}-follow`;
}

/** Name of the container of an attempt. Two ids may give one name: the labels decide. */
export function containerName(runId: string, attempt: number): string {
  return `trainyard-${runId.replace(/[^A-Za-z0-9_.-]/g, '_')}-${attempt}`;
}

const LOG_FILE = /^training_(.+)\.log$/;

/** File name of the live log of a run below `<data>/logs`. */
export function logFileName(runId: string): string {
  return `training_${runId}.log`;
}

export function runIdFromLogFileName(fileName: string): string | undefined {
  return LOG_FILE.exec(fileName)?.[1];
}

/** Temporal's id for a schedule of ours; the name people see is without the prefix. */
export function scheduleIdFor(name: string): string {
  return `schedule-${name}`;
}

export function scheduleNameFromId(scheduleId: string): string | undefined {
  return scheduleId.startsWith('schedule-') ? scheduleId.slice('schedule-'.length) : undefined;
}

/** Lower-case letters, digits and dashes of a text. */
export function slug(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
}
