/** How many runs have a container that goes on without the server; null where the API does not tell. */
export async function countLiveRuns(apiUrl: string): Promise<number | null> {
  try {
    const answer = await fetch(`${apiUrl}/stats`, { signal: AbortSignal.timeout(2_000) });
    const stats = (await answer.json()) as { byState?: Record<string, number> };
    return (
      (stats.byState?.['running'] ?? 0) + (stats.byState?.['stopping'] ?? 0) + (stats.byState?.['unreachable'] ?? 0)
    );
  } catch {
    return null;
  }
}
