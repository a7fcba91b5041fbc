/** One class for each thing a caller can act on; the original is kept in `cause`. */

/** Thrown by every call while the engine does not answer: no socket, refused, reset, or not allowed. */
export class EngineUnavailableError extends Error {
  override readonly name = 'EngineUnavailableError';
}

/** Thrown when a registry says that there is no such image or tag, or that access is denied without saying which. */
export class ImageNotFoundError extends Error {
  override readonly name = 'ImageNotFoundError';
}

/** Thrown when a registry wants credentials, or refuses those it got. */
export class ImageAccessDeniedError extends Error {
  override readonly name = 'ImageAccessDeniedError';
}

/** Thrown when the image exists but cannot be used here, such as for another architecture. */
export class ImageUnusableError extends Error {
  override readonly name = 'ImageUnusableError';
}

/** Thrown when the registry cannot be reached, breaks off or fails; trying again may help. */
export class RegistryUnavailableError extends Error {
  override readonly name = 'RegistryUnavailableError';
}

/** Thrown when a pull brought no news for the time that it was given. */
export class PullSilentError extends Error {
  override readonly name = 'PullSilentError';
  constructor(
    readonly image: string,
    readonly silenceMs: number,
  ) {
    super(`no news from the pull of ${image} for ${silenceMs} ms`);
  }
}

/** Thrown when a container's name is taken by one that is not ours. */
export class NameTakenError extends Error {
  override readonly name = 'NameTakenError';
}

/** Thrown when the program of a container does not exist in the image or cannot be executed. */
export class CommandNotRunnableError extends Error {
  override readonly name = 'CommandNotRunnableError';
}

/** Thrown when the engine has no such container or image any more. */
export class NotFoundError extends Error {
  override readonly name = 'NotFoundError';
}

/** Thrown when a container cannot be made because its image is not on the engine, be it any more or yet. */
export class ImageRemovedError extends Error {
  override readonly name = 'ImageRemovedError';
}

/** Thrown when the engine says that there is no space left. */
export class DiskFullError extends Error {
  override readonly name = 'DiskFullError';
}

/** Thrown when the engine answers with any other error. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  constructor(
    message: string,
    readonly statusCode: number | undefined,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
