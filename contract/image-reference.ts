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

/** Whether an image is named by its id on an engine, `sha256:…`, which no registry knows. */
export function isImageId(reference: string): boolean {
  return /^sha256:[0-9a-f]{64}$/.test(reference);
}

/**
 * One form for all ways to write a name: `python`, `python:latest` and `docker.io/library/python` are the same image, as are
 * names with a tag and a digest and with the digest alone.
 */
export function canonicalImage(reference: string): string {
  const { repository, tag, digest } = parseImageReference(reference);
  const familiar = familiarRepository(repository);
  return digest === null ? `${familiar}:${tag ?? 'latest'}` : `${familiar}@${digest}`;
}

/** The short form in which an engine writes repositories of Docker Hub. */
export function familiarRepository(repository: string): string {
  return repository.replace(/^(?:index\.)?docker\.io\//, '').replace(/^library\//, '');
}
