import type { PullProgress } from '../contract/activities';
import type { Engine, ImageInfo } from '../docker/engine';
import { orAborted } from './or-aborted';

export interface ImagePulls {
  /**
   * Pulls an image, or joins the pull of the same reference that is under way on this host; that one goes on until nobody
   * waits for it any more.
   *
   * @param options.silenceMs of the one who comes first.
   * @throws what the engine's `pullImage` throws, and the reason of `signal`.
   */
  pull(reference: string, options: { silenceMs: number; signal: AbortSignal }): Promise<ImageInfo>;
  /** The newest progress of the pull of a reference; undefined where there is no pull, or no news of it. */
  progress(reference: string): PullProgress | undefined;
}

interface SharedPull {
  done: Promise<ImageInfo>;
  waiting: number;
  giveUp: AbortController;
  progress: PullProgress | undefined;
}

export function createImagePulls(engine: Pick<Engine, 'pullImage'>): ImagePulls {
  const pulls = new Map<string, SharedPull>();

  const begin = (reference: string, silenceMs: number): SharedPull => {
    const giveUp = new AbortController();
    const onProgress = (progress: PullProgress): void => {
      pull.progress = progress;
    };
    const done = engine.pullImage(reference, { silenceMs, signal: giveUp.signal, onProgress }).finally(() => {
      if (pulls.get(reference) === pull) pulls.delete(reference);
    });
    const pull: SharedPull = { done, waiting: 0, giveUp, progress: undefined };
    pulls.set(reference, pull);
    return pull;
  };

  const leave = (reference: string, pull: SharedPull, reason: unknown): void => {
    pull.waiting -= 1;
    if (pull.waiting > 0 || pulls.get(reference) !== pull) return;
    // The next who asks for it begins anew, and does not join one that is about to end.
    pulls.delete(reference);
    pull.giveUp.abort(reason);
  };

  const pull: ImagePulls['pull'] = async (reference, { silenceMs, signal }) => {
    signal.throwIfAborted();
    const shared = pulls.get(reference) ?? begin(reference, silenceMs);
    shared.waiting += 1;
    return orAborted(shared.done, signal).finally(() => leave(reference, shared, signal.reason));
  };

  return { pull, progress: (reference) => pulls.get(reference)?.progress };
}
