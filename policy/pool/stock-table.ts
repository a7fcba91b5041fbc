import type { Host } from './host';

/** GPUs by model. */
export type Counts = Map<string, number>;

export function add(counts: Counts, model: string, more: number): Counts {
  return counts.set(model, (counts.get(model) ?? 0) + more);
}

/** GPUs of a pool at one instant: those that are free on hosts that are ready, and those that are held, by project. */
export interface Counted {
  readonly free: Counts;
  readonly held: Map<string, Counts>;
}

/** A stock with what each host has added to it, so that only hosts that have changed are counted again. */
export interface StockTable extends Counted {
  readonly parts: Map<Host, StockPart[]>;
  readonly roster: number;
  readonly preemption: boolean;
  /** Changes that it knows of. */
  seen: number;
}

/** `project`: null for what is free. */
export interface StockPart {
  project: string | null;
  model: string;
  count: number;
}
