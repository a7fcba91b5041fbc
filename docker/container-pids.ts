/** What an engine answers of the processes of a container: a table, of which only the numbers were asked for. */
export interface TopAnswer {
  Titles: string[];
  Processes: string[][] | null;
}

export function pidsIn({ Titles, Processes }: TopAnswer): number[] {
  const column = Titles.indexOf('PID');
  return (Processes ?? []).map((row) => Number(row[column]?.trim())).filter((pid) => Number.isInteger(pid));
}
