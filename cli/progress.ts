import type { RunDetail } from '../contract/http';
import type { Run } from '../contract/run';
import { bar, duration, size } from './format';

/** What the live line says beside the state of a run. */
export interface Progress {
  /** Number of the newest epoch that the training printed, as in `{"epoch": 2, …}`. */
  epoch: number | null;
  /** Attempt that printed it. */
  attempt: number;
}

const BAR_WIDTH = 24;
const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/** The epoch that a line of a training tells, if it is a JSON object with one. */
export function epochOf(text: string): number | null {
  if (!text.startsWith('{')) return null;
  try {
    const { epoch } = JSON.parse(text) as { epoch?: unknown };
    return typeof epoch === 'number' ? epoch : null;
  } catch {
    return null;
  }
}

/** The live line: "⠙ digits-1a2b running 12 s ━━━━──── epoch 2/3". `stateSinceMs` is when the state began. */
export function liveText(
  run: Pick<RunDetail, 'pull'> & Run,
  progress: Progress,
  stateSinceMs: number,
  nowMs: number,
): string {
  const spin = SPINNER[Math.floor(nowMs / 100) % SPINNER.length];
  const again = run.attempt > 1 ? ` (attempt ${run.attempt})` : '';
  const head = `${spin} ${run.id} ${run.state}${again} ${duration(nowMs - stateSinceMs)}`;
  const tail = tailText(run, progress);
  return tail ? `${head}  ${tail}` : head;
}

function tailText(run: Pick<RunDetail, 'pull'> & Run, progress: Progress): string | null {
  if (run.state === 'pulling') return pullText(run.pull);
  return run.state === 'running' ? epochText(run, progress) : run.message;
}

function pullText(pull: RunDetail['pull']): string {
  if (!pull || pull.totalBytes === 0) return pull?.phase ?? '';
  const share = Math.min(1, pull.currentBytes / pull.totalBytes);
  return `${bar(share, BAR_WIDTH)} ${Math.floor(share * 100)} % ${pull.phase} ${size(pull.currentBytes)} of ${size(pull.totalBytes)}`;
}

function epochText(run: Run, { epoch, attempt }: Progress): string {
  if (epoch === null || attempt !== run.attempt) return '';
  const epochs = run.params['epochs'];
  if (typeof epochs !== 'number' || epochs < 1) return `epoch ${epoch}`;
  return `${bar(epoch / epochs, BAR_WIDTH)} epoch ${epoch}/${epochs}`;
}
