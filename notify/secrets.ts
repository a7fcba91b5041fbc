import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';

/** Secrets of the server, by name. What they hold goes into no history, no log and no answer. */
export interface Secrets {
  /** @throws {SecretError} where there is none of the name, or it cannot be used. */
  read(name: string): Promise<string>;
}

/** Why a secret cannot be had; its message names the secret and the mend, and holds nothing of it. */
export class SecretError extends Error {
  override readonly name = 'SecretError';
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;
const LIMIT_BYTES = 65_536;
const MEND = 'secrets.folder (TRAINYARD_SECRETS)';

/**
 * The secrets of a folder: one file for each, named after it, as Docker and Kubernetes put them there. One line break at the
 * end is not part of the secret. A file is read each time, so that a new value holds at once.
 *
 * @param folder empty: there are none.
 */
export function openSecretFolder(folder: string): Secrets {
  return {
    read: async (name) => {
      // The name becomes part of a path.
      if (!NAME.test(name)) throw new SecretError(`"${name}" cannot be the name of a secret`);
      if (folder === '')
        throw new SecretError(`there is no secret ${name}: the server has no folder for any; set ${MEND}`);
      const text = await readBounded(join(folder, name), name);
      const secret = text.replace(/\r?\n$/, '');
      if (secret === '') throw new SecretError(`the secret ${name} is empty; write it into its file in ${MEND}`);
      return secret;
    },
  };
}

async function readBounded(path: string, name: string): Promise<string> {
  // Whatever else than a file lies there, opening it waits for nobody.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: unknown) => {
    throw unreadable(name, error);
  });
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw new SecretError(`the secret ${name} is no file in ${MEND}`);
    if (stat.size > LIMIT_BYTES) throw new SecretError(`the secret ${name} is larger than ${LIMIT_BYTES} bytes`);
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

/** What a try a moment later might read is thrown as it is. */
function unreadable(name: string, error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new SecretError(`there is no secret ${name}; put it into a file of that name in ${MEND}`);
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'ELOOP') {
    return new SecretError(`the secret ${name} cannot be read (${code}); let the worker read its file in ${MEND}`);
  }
  return error;
}
