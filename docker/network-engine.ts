/** The calls of an engine about the networks that containers of one run share. Idempotent, as those of docker/engine. */
export interface NetworkEngine {
  /**
   * Makes a bridge network, or finds the one that has the name already if its labels are the same.
   *
   * @throws {NameTakenError} if the name belongs to a network with other labels.
   */
  ensureNetwork(plan: NetworkPlan): Promise<void>;
  /** All networks that carry every one of the labels. */
  listNetworks(labels: Record<string, string>): Promise<NetworkSummary[]>;
  /** Removes a network that no container uses any more. `id` may be a name. */
  removeNetwork(id: string): Promise<NetworkRemoval>;
}

export interface NetworkPlan {
  name: string;
  labels: Record<string, string>;
  /** True where its containers reach nothing but each other. */
  internal: boolean;
}

export interface NetworkSummary {
  id: string;
  name: string;
  labels: Record<string, string>;
}

export type NetworkRemoval = 'removed' | 'absent' | 'in-use';
