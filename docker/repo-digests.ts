import { familiarRepository, parseImageReference } from '../contract/image-reference';

/**
 * The digest under which an image stands in the repository that was asked for, out of an engine's `RepoDigests`
 * (`repository@digest`); null where the image was never in that repository. One image can have others elsewhere.
 */
export function digestIn(repoDigests: readonly string[], reference: string): string | null {
  const asked = familiarRepository(parseImageReference(reference).repository);
  for (const repoDigest of repoDigests) {
    const { repository, digest } = parseImageReference(repoDigest);
    if (familiarRepository(repository) === asked) return digest;
  }
  return null;
}
