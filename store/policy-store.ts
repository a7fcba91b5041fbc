import type { NamedPolicy, PolicyFile } from '../contract/named-policy';

/**
 * The named policies and all their versions. A version has a number of its own within its name and never changes; what is
 * deleted is only kept from new runs.
 */
export interface PolicyStore {
  /**
   * Keeps a policy as the newest version of its name, unless it is what the newest one has already. One that was deleted
   * can be used again.
   *
   * @throws {PolicyInFileError} where the name is that of a file.
   */
  put(policy: PolicyFile): Promise<KeptPolicy>;

  /**
   * Brings the store up to date with all policies that are in files; idempotent, whatever processes do it at once. A name
   * of which there was a file and is none is deleted.
   */
  importFiles(policies: readonly (PolicyFile & { file: string })[]): Promise<PolicyImport>;

  /** One version, also of a deleted policy. Null: there is none. */
  find(name: string, version: number | null): Promise<NamedPolicy | null>;

  /** The newest version of each policy that new runs may use, by name. */
  list(): Promise<NamedPolicy[]>;

  /** All versions of a name, also of a deleted policy, newest first. */
  versions(name: string): Promise<NamedPolicy[]>;

  /**
   * Keeps a policy from new runs. False where there is none, or not any more.
   *
   * @throws {PolicyInFileError} where the name is that of a file.
   */
  delete(name: string): Promise<boolean>;

  close(): Promise<void>;
}

export interface KeptPolicy {
  policy: NamedPolicy;
  /** False where the newest version had the same content. */
  isNew: boolean;
}

/** What an import of files came to; versions as `name@version`. */
export interface PolicyImport {
  added: string[];
  deleted: string[];
}

/** Thrown when a policy that is kept in a file is to be changed elsewhere. */
export class PolicyInFileError extends Error {
  override readonly name = 'PolicyInFileError';
  constructor(
    readonly policy: string,
    readonly file: string,
  ) {
    super(`the policy "${policy}" is kept in the file ${file}`);
  }
}
