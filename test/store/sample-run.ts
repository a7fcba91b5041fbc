import type { Attempt, Run, RunEvent, RunUpdate } from '../../contract/run';
import { PLAIN_CAPACITY } from '../../contract/run-capacity';
import type { RunSpec } from '../../contract/spec';
import type { HostReport } from '../../store/run-store';
import { specOf } from '../helpers/fake-host';
import { hostReport } from '../helpers/host-report';

export const SPEC: RunSpec = specOf({ name: 'sample' });

export function sampleRun(changes: Partial<Run> = {}): Run {
  return {
    id: 'run-1',
    name: 'sample',
    state: 'running',
    reason: null,
    message: null,
    attempt: 1,
    host: 'one',
    exitCode: null,
    createdAt: '2026-11-24T03:00:00.000Z',
    startedAt: '2026-11-24T03:00:01.000Z',
    endedAt: null,
    image: 'trainyard/digits:1',
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
    params: { epochs: 3, rate: 0.5, name: 'x', flag: true },
    ...changes,
  };
}

export function sampleAttempt(changes: Partial<Attempt> = {}): Attempt {
  return {
    number: 1,
    host: 'one',
    form: 'container',
    containerId: 'c1',
    imageDigest: 'sha256:abc',
    reason: null,
    message: null,
    exitCode: null,
    startedAt: '2026-11-24T03:00:01.000Z',
    endedAt: null,
    logLines: null,
    logGaps: null,
    changes: [],
    evidence: null,
    machine: null,
    nodes: [],
    ...changes,
  };
}

export function sampleEvent(changes: Partial<RunEvent> = {}): RunEvent {
  return {
    runId: 'run-1',
    seq: 1,
    at: '2026-11-24T03:00:00.000Z',
    type: 'state-changed',
    state: 'running',
    attempt: 1,
    message: 'It runs.',
    ...changes,
  };
}

export function sampleUpdate(run: Partial<Run> = {}, changes: Partial<Omit<RunUpdate, 'run'>> = {}): RunUpdate {
  return { revision: 1, run: sampleRun(run), attempts: [], events: [], spec: SPEC, ...changes };
}

export function sampleHost(changes: Partial<HostReport> = {}): HostReport {
  return hostReport({ reportedAt: '2026-11-24T03:00:00.000Z', ...changes });
}
