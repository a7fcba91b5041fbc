import type { Engine } from '../docker/engine';
import type { ResumePoint } from '../store/log-store';
import { engineBytes, type BacklogMeter } from './backlog-meter';
import type { Brake } from './brakes';
import type { EngineLogSize } from './flood-guard';
import { resumedRecords } from './resumed-records';

export interface WaitForRoom {
  engine: Engine;
  containerId: string;
  meter: BacklogMeter;
  brake: Brake;
  size: EngineLogSize;
  signal: AbortSignal;
}

/** While the disk is full: what a container may print until it is looked at again. */
const LOOK_AHEAD_MS = 5000;

/**
 * For a log that cannot be stored, as its disk is full: pauses the container before its engine would throw lines away, and
 * not earlier. One that prints little goes on.
 *
 * @param resume where what is not stored begins; null where that is from the first on.
 */
export async function pauseBeforeLoss(input: WaitForRoom, resume: ResumePoint | null): Promise<void> {
  const { meter, brake, size } = input;
  if (brake.level === 'pause') return;
  const mayHoldBytes = size.keptBytes / 4;
  if (meter.bytesIn(LOOK_AHEAD_MS) > mayHoldBytes || (await holdsMore(input, resume, mayHoldBytes)))
    await brake.engage('pause');
}

async function holdsMore(
  { engine, containerId, signal }: WaitForRoom,
  resume: ResumePoint | null,
  limitBytes: number,
): Promise<boolean> {
  let bytes = 0;
  for await (const records of resumedRecords(engine, { containerId, follow: false, signal }, resume)) {
    bytes += engineBytes(records);
    if (bytes > limitBytes) return true;
  }
  return false;
}
