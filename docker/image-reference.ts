/** The parts of an image name as in `docker pull`; nothing is looked up. */
export interface ImageReference {
  /** As it was written, without tag and digest. */
  repository: string;
  /** Null where there is none; an engine asked for neither tag nor digest would pull every tag. */
  tag: string | null;
  /** `sha256:…` */
  digest: string | null;
}

export function parseImageReference(reference: string): ImageReference {
  const [name = '', digest = null] = reference.split('@', 2);
  // A colon before a slash belongs to the port of the registry.
  const colon = name.indexOf(':', name.lastIndexOf('/') + 1);
  if (colon < 0) return { repository: name, tag: null, digest };
  return { repository: name.slice(0, colon), tag: name.slice(colon + 1), digest };
}

/**
 * The digest under which an image stands in the repository that was asked for, out of an engine's `RepoDigests`
 * (`repository@digest`); null where the image was never in that repository. One image can have others elsewhere.
 */
export function digestIn(repoDigests: readonly string[], reference: string): string | null {
  const asked = familiar(parseImageReference(reference).repository);
  for (const repoDigest of repoDigests) {
    const { repository, digest } = parseImageReference(repoDigest);
    if (familiar(repository) === asked) return digest;
  }
  return null;
}

/** The short form in which an engine writes repositories of Docker Hub. */
function familiar(repository: string): string {
  return repository.replace(/^(?:index\.)?docker\.io\//, '').replace(/^library\//, '');
}
