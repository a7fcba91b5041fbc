import type { RunDetail } from '../../contract/http';
import type { Run } from '../../contract/run';
import { isEndState, type RunState } from '../../contract/state';
import { TEST_IMAGE } from './engine';
import { until } from './until';

/** A run of a shell script in the small test image; it asks for little, so that several have room on a small machine. */
export function shellRun(script: string, more: object = {}): object {
  const resources = { cpus: 0.2, memory: '256m' };
  return { image: TEST_IMAGE, pullPolicy: 'never', command: ['sh', '-c', script], resources, ...more };
}

export async function request<T>(
  url: string,
  init?: RequestInit,
): Promise<{ status: number; headers: Headers; body: T }> {
  const response = await fetch(url, init);
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') === true;
  return { status: response.status, headers: response.headers, body: (isJson ? JSON.parse(text) : text) as T };
}

export async function post<T>(url: string, body: unknown): Promise<{ status: number; headers: Headers; body: T }> {
  return request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

/** Submits a run and returns its id. */
export async function submit(server: string, submission: object): Promise<string> {
  const { status, body } = await post<Run>(`${server}/v1/runs`, submission);
  if (status !== 202) throw new Error(`the submission was answered ${status}: ${JSON.stringify(body)}`);
  return body.id;
}

export async function getRun(server: string, id: string): Promise<RunDetail> {
  const { status, body } = await request<RunDetail>(`${server}/v1/runs/${id}`);
  if (status !== 200) throw new Error(`run ${id} was answered ${status}`);
  return body;
}

/** The run once it is in this state; fails as soon as it has ended in another. */
export async function inState(server: string, id: string, state: RunState, timeoutMs = 60_000): Promise<RunDetail> {
  const run = await until(
    async () => {
      const now = await getRun(server, id);
      return (now.state === state || isEndState(now.state)) && now;
    },
    { timeoutMs, everyMs: 100 },
  );
  if (run.state !== state) throw new Error(`run ${id} ${run.state} instead of ${state}: ${run.message}`);
  return run;
}

/** The text of a run's log, line by line. */
export async function logLines(server: string, id: string): Promise<string[]> {
  const { body } = await request<string>(`${server}/v1/runs/${id}/logs`, { headers: { accept: 'text/plain' } });
  return body.split('\n').slice(0, -1);
}
