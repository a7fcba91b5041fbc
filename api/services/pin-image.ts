import { isImageId, parseImageReference } from '../../contract/image-reference';
import type { Attempt } from '../../contract/run';
import type { RunSpec } from '../../contract/spec';

/**
 * A spec that runs the very image that a run had, whatever its name stands for by now: by its digest where a registry knows it, else by its id, which
 * only an engine that has it can run. Null where it is not known.
 *
 * The attempt that counts is the last one that had a container, else the last one that had its image ready.
 */
export function pinImage(spec: RunSpec, attempts: readonly Attempt[]): RunSpec | null {
  const { repository, digest } = parseImageReference(spec.image);
  if (isImageId(spec.image) || digest !== null) return spec;
  const ofContainers = attempts.filter(({ form }) => form === 'container');
  const counts =
    ofContainers.findLast(({ containerId }) => containerId !== null) ??
    ofContainers.findLast(({ imageDigest }) => imageDigest !== null);
  if (counts === undefined) return null;
  if (counts.imageDigest !== null) {
    return { ...spec, image: `${repository}@${counts.imageDigest}` };
  }
  const imageId = counts.machine?.imageId ?? '';
  return isImageId(imageId) ? { ...spec, image: imageId, pullPolicy: 'never' } : null;
}
