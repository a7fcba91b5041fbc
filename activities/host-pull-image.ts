import type { PulledImage, PullImageInput } from '../contract/activities';
import { isImageId } from '../contract/image-reference';
import type { ImageInfo } from '../docker/engine';
import type { ImagePulls } from '../host/image-pulls';
import { failure } from './failure';
import type { HostActivityDeps } from './host-deps';
import { withHeartbeat } from './host-heartbeat';

const NO_PROGRESS = { phase: 'resolving', currentBytes: 0, totalBytes: 0 } as const;

/** Gets the image of a run onto the host, as its pull policy says; what the heartbeats tell is its `PullProgress`. */
export async function pullImage(
  { engine, disks, images }: Pick<HostActivityDeps, 'engine' | 'disks' | 'images'>,
  pulls: ImagePulls,
  input: PullImageInput,
): Promise<PulledImage> {
  const { image, pullPolicy, silenceMs } = input;
  const startedMs = performance.now();
  const result = (info: ImageInfo, pulled: boolean): PulledImage => {
    const { id: imageId, digest } = info;
    return { imageId, digest, pulled, durationMs: Math.round(performance.now() - startedMs) };
  };

  const isById = isImageId(image);
  const present = pullPolicy === 'always' && !isById ? null : await engine.findImage(image);
  if (present !== null) {
    await images.used(present.id);
    return result(present, false);
  }
  if (isById) {
    const mend = 'load it there from a copy (docker load), or run the spec with the name of an image';
    throw failure(
      'image-not-found',
      `no image on this host has the id ${image}, and none can be pulled by its id; ${mend}`,
    );
  }
  if (pullPolicy === 'never') {
    const mend = 'build or load it there, or let the run pull it with pullPolicy: if-not-present';
    throw failure('image-not-found', `${image} is not on this host, and pullPolicy is never; ${mend}`);
  }
  await disks.check();
  const pull = (signal: AbortSignal): Promise<ImageInfo> => pulls.pull(image, { silenceMs, signal });
  const pulled = await withHeartbeat(() => pulls.progress(image) ?? NO_PROGRESS, pull);
  await images.pulled(pulled.id, image);
  return result(pulled, true);
}
