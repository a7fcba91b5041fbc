/** Thrown when a run asks for a network that the server does not allow. */
export class NetworkRefusedError extends Error {
  override readonly name = 'NetworkRefusedError';
}
