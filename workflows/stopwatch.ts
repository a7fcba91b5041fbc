/** Time that passes by the workflow's clock, except while it is held. */
export class Stopwatch {
  private beforeMs = 0;
  private sinceMs: number | null = null;

  /** Milliseconds that have passed. */
  get passedMs(): number {
    return this.beforeMs + (this.sinceMs === null ? 0 : Date.now() - this.sinceMs);
  }

  get runs(): boolean {
    return this.sinceMs !== null;
  }

  /** Begins, or goes on. */
  go(): void {
    this.sinceMs ??= Date.now();
  }

  hold(): void {
    this.beforeMs = this.passedMs;
    this.sinceMs = null;
  }

  /** Nothing has passed, and nothing passes. */
  reset(): void {
    this.beforeMs = 0;
    this.sinceMs = null;
  }
}
